with windows as (
    select * from {{ ref('int_holdout_window') }}
),

purchase_days as (
    select
        customer_key,
        day_on
    from {{ ref('int_customer_day') }}
    where is_purchase_day
),

customers as (
    select
        windows.window_name,
        windows.cut_on,
        windows.holdout_days,
        days.customer_key,
        min(days.day_on) as first_on,
        max(case when days.day_on <= windows.cut_on then days.day_on end) as last_on,
        sum(case when days.day_on <= windows.cut_on then 1 else 0 end) as n_known_days,
        sum(case when days.day_on > windows.cut_on then 1 else 0 end) as n_holdout_days
    from purchase_days as days
    inner join windows on days.day_on <= windows.window_ends_on
    group by windows.window_name, windows.cut_on, windows.holdout_days, days.customer_key
),

cells as (
    select
        window_name,
        cut_on,
        holdout_days,
        cast(n_known_days - 1 as integer) as n_repeat_days,
        {{ days_between('last_on', 'first_on') }} as recency_days,
        {{ days_between('cut_on', 'first_on') }} as age_days,
        cast(n_holdout_days as integer) as n_holdout_days
    from customers
    where n_known_days > 0
)

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
