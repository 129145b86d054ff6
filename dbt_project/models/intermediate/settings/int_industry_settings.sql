with presets as (
    select *
    from {{ ref('loyalty_industry_presets') }}
    where industry = '{{ var("industry") }}'
),

repeat_customers as (
    select mean_gap_days
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }} and n_repeat_days > 0
),

median_gap as (
    select {{ percentile_cuts('mean_gap_days', [0.5]) }} as gap_cuts
    from repeat_customers
),

chosen as (
    select
        presets.industry,
        {{ preset('g0_days', 'decimal(18, 4)') }} as preset_g0_days,
        {{ cut('median_gap.gap_cuts', 1) }} as median_g0_days,
        {{ preset('lapsed_days', 'integer') }} as lapsed_days,
        {{ preset('answer_half_life_days', 'integer') }} as answer_half_life_days,
        {{ preset('assumed_margin_share', 'decimal(9, 4)') }} as assumed_margin_share
    from presets
    cross join median_gap
),

final as (
    select
        industry,
        cast(
            coalesce(preset_g0_days, median_g0_days, {{ var('loyalty_fallback_g0_days') }}) as decimal(18, 4)
        ) as g0_days,
        case
            when preset_g0_days is not null then 'given'
            when median_g0_days is not null then 'median customer'
            else 'fallback'
        end as g0_basis,
        lapsed_days,
        answer_half_life_days,
        assumed_margin_share
    from chosen
)

select * from final
