with windows as (
    select * from {{ ref('int_holdout_window') }}
),

purchase_days as (
    select
        days.customer_key,
        days.day_on,
        calendar.observed_days as clock_day
    from {{ ref('int_customer_day') }} as days
    inner join {{ ref('int_observation_day') }} as calendar on days.day_on = calendar.day_on
    where days.is_purchase_day
),

customers as (
    select
        windows.window_name,
        windows.cut_on,
        windows.cut_day,
        windows.holdout_days,
        days.customer_key,
        min(days.clock_day) as first_day,
        max(case when days.day_on <= windows.cut_on then days.clock_day end) as last_day,
        sum(case when days.day_on <= windows.cut_on then 1 else 0 end) as n_known_days,
        sum(case when days.day_on > windows.cut_on then 1 else 0 end) as n_holdout_days
    from purchase_days as days
    inner join windows on days.day_on <= windows.window_ends_on
    group by windows.window_name, windows.cut_on, windows.cut_day, windows.holdout_days, days.customer_key
),

cells as (
    select
        window_name,
        cut_on,
        holdout_days,
        cast(n_known_days - 1 as integer) as n_repeat_days,
        cast(last_day - first_day as integer) as recency_days,
        cast(cut_day - first_day as integer) as age_days,
        cast(n_holdout_days as integer) as n_holdout_days
    from customers
    where n_known_days > 0
),

final as (
    select
        window_name,
        cut_on,
        holdout_days,
        n_repeat_days,
        recency_days,
        age_days,
        n_holdout_days,
        count(*) as n_customers
    from cells
    group by window_name, cut_on, holdout_days, n_repeat_days, recency_days, age_days, n_holdout_days
)

select * from final
