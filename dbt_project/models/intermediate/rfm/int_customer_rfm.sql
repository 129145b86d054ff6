with customers as (
    select * from {{ ref('int_rfm_value') }}
),

cut_points as (
    select * from {{ ref('int_rfm_cut_point') }}
),

segments as (
    select * from {{ ref('rfm_segments') }}
),

scored as (
    select
        customers.*,
        1 + {{ mid_rank_band('cut_points', 'r', rfm_recency('customers'), 5) }} as r_quintile,
        1 + {{ mid_rank_band('cut_points', 'f', 'customers.frequency', 5) }} as f_quintile,
        1 + {{ mid_rank_band('cut_points', 'm', 'customers.monetary_amount', 5) }} as m_quintile
    from customers
    left join cut_points on customers.observed_on = cut_points.observed_on
),

combined as (
    select
        *,
        -- only the frequency, if no purchase has an amount
        cast(floor((f_quintile + coalesce(m_quintile, f_quintile) + 1) / 2) as integer) as fm_quintile
    from scored
),

final as (
    select
        combined.customer_key,
        combined.observed_on,
        combined.recency_days,
        combined.frequency,
        combined.monetary_amount,
        combined.is_active,
        combined.r_quintile,
        combined.f_quintile,
        combined.m_quintile,
        combined.fm_quintile,
        segments.rfm_segment
    from combined
    left join segments
        on
            combined.r_quintile = segments.r_quintile
            and combined.fm_quintile = segments.fm_quintile
)

select * from final
