with scored as (
    select * from {{ ref('int_customer_rfm') }}
),

today as (
    select *
    from scored
    where observed_on = {{ as_of_date() }}
),

month_end as (
    select *
    from scored
    where observed_on = {{ last_month_end() }}
),

final as (
    select
        today.customer_key,
        today.observed_on as as_of_on,
        today.recency_days,
        today.frequency,
        today.monetary_amount,
        today.is_active,
        today.r_quintile,
        today.f_quintile,
        today.m_quintile,
        today.fm_quintile,
        {{ dbt.concat([
            dbt.cast('today.r_quintile', type_string()),
            dbt.cast('today.fm_quintile', type_string()),
        ]) }} as rfm_cell,
        today.rfm_segment,
        {{ last_month_end() }} as month_end_on,
        month_end.rfm_segment as rfm_segment_at_month_end
    from today
    left join month_end on today.customer_key = month_end.customer_key
)

select * from final
