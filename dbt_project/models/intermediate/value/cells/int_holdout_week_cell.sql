with windows as (
    select * from {{ ref('int_holdout_window') }}
    where window_name = 'holdout'
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

known_customers as (
    select
        windows.cut_on,
        windows.cut_day,
        windows.window_ends_on,
        days.customer_key
    from purchase_days as days
    inner join windows on days.day_on <= windows.cut_on
    group by windows.cut_on, windows.cut_day, windows.window_ends_on, days.customer_key
),

weeks as (
    select
        known_customers.cut_on,
        cast(floor((days.clock_day - known_customers.cut_day - 1) / 7) as integer) + 1 as week_number
    from purchase_days as days
    inner join known_customers
        on
            days.customer_key = known_customers.customer_key
            and days.day_on > known_customers.cut_on
            and days.day_on <= known_customers.window_ends_on
),

final as (
    select
        cut_on,
        week_number,
        count(*) as n_purchase_days
    from weeks
    group by cut_on, week_number
)

select * from final
