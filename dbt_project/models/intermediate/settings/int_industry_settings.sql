with presets as (
    select *
    from {{ ref('loyalty_industry_presets') }}
    where industry = '{{ var("industry") }}'
),

final as (
    select
        presets.industry,
        {{ preset('g0_days', 'decimal(18, 4)') }} as g0_days,
        {{ preset('lapsed_days', 'integer') }} as lapsed_days,
        {{ preset('answer_half_life_days', 'integer') }} as answer_half_life_days,
        {{ preset('assumed_margin_share', 'decimal(9, 4)') }} as assumed_margin_share
    from presets
)

select * from final
