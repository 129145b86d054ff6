{%- set parts = {'r': '-recency_days', 'f': 'n_purchase_days', 'm': 'monetary_amount'} -%}
with settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),

accounts as (
    select
        companies.*,
        companies.recency_days <= settings.lapsed_days as is_active
    from {{ ref('int_account_value') }} as companies
    cross join settings
),

segments as (
    select * from {{ ref('rfm_segments') }}
),

cut_arrays as (
    select {{ cut_point_arrays(parts, 5) }}
    from accounts
    where is_active
),

cuts as (
    select {{ cut_point_columns(parts, 5) }}
    from cut_arrays
),

scored as (
    select
        accounts.*,
        case when n_purchase_days > 0 then 1 + {{ mid_rank_band('cuts', 'r', '-recency_days', 5) }} end as r_quintile,
        case when n_purchase_days > 0 then 1 + {{ mid_rank_band('cuts', 'f', 'n_purchase_days', 5) }} end as f_quintile,
        case when n_purchase_days > 0 then 1 + {{ mid_rank_band('cuts', 'm', 'monetary_amount', 5) }} end as m_quintile,
        {{ divide('n_promoters + 0.75', 'n_answers + 3', 8) }} as adjusted_promoter_share,
        {{ divide('n_detractors + 0.75', 'n_answers + 3', 8) }} as adjusted_detractor_share
    from accounts
    cross join cuts
),

combined as (
    select
        *,
        cast({{ divide('100 * (n_promoters - n_detractors)', 'n_answers', 4, 0) }} as decimal(9, 4)) as nps,
        cast(floor((f_quintile + coalesce(m_quintile, f_quintile) + 1) / 2) as integer) as fm_quintile,
        100 * (adjusted_promoter_share - adjusted_detractor_share) as adjusted_nps,
        {{ fixed(
            var('nps_interval_z') ~ ' * sqrt(cast('
            ~ nps_variance('adjusted_promoter_share', 'adjusted_detractor_share') ~ ' as double) / (n_answers + 3))'
        ) }} as half_width
    from scored
),

final as (
    select
        combined.account_key,
        {{ as_of_date() }} as as_of_on,
        cast(combined.n_customers as integer) as n_customers,
        cast(combined.n_active_customers as integer) as n_active_customers,
        combined.level,
        combined.first_purchase_on,
        combined.last_purchase_on,
        cast(combined.recency_days as integer) as recency_days,
        cast(combined.n_purchase_days as integer) as n_purchase_days,
        combined.monetary_amount,
        cast(combined.r_quintile as integer) as r_quintile,
        cast(combined.f_quintile as integer) as f_quintile,
        cast(combined.m_quintile as integer) as m_quintile,
        segments.rfm_segment,
        cast(combined.n_answers as integer) as n_nps_answers,
        cast(combined.n_promoters as integer) as n_promoters,
        cast(combined.n_detractors as integer) as n_detractors,
        combined.nps,
        case
            when combined.n_answers > 0
                then
                    cast(
                        greatest(least(combined.adjusted_nps - combined.half_width, combined.nps), -100)
                        as decimal(9, 4)
                    )
        end as nps_low,
        case
            when combined.n_answers > 0
                then
                    cast(
                        least(greatest(combined.adjusted_nps + combined.half_width, combined.nps), 100)
                        as decimal(9, 4)
                    )
        end as nps_high,
        cast(combined.clv_12m_amount as decimal(18, 2)) as clv_12m_amount,
        cast(combined.n_forecasts as integer) as n_forecasts
    from combined
    left join segments
        on combined.r_quintile = segments.r_quintile and combined.fm_quintile = segments.fm_quintile
)

select * from final
