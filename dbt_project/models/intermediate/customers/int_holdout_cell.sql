{#- The last month's end, so that a choice made by these cells holds for a month. -#}
{%- set ends_on = last_observed_month_end() -%}
with purchase_days as (
    select
        customer_key,
        day_on
    from {{ ref('int_customer_day') }}
    where is_purchase_day and day_on <= {{ day(ends_on) }}
),

first_days as (
    select
        customer_key,
        {{ days_between('min(day_on)', "date '2000-01-01'") }} as first_day
    from purchase_days
    group by customer_key
),

-- one order of a wrong year must not stretch what was observed
bounds as (
    select
        {{ add_days(
            "date '2000-01-01'",
            'percentile_disc(0.01) within group (order by first_day)'
        ) }} as first_on
    from first_days
),

lengths as (
    select
        first_on,
        cast(
            greatest(
                floor({{ days_between(day(ends_on), 'first_on') }} * {{ var('clv_holdout_share') }}),
                {{ var('clv_holdout_min_days') }}
            ) as integer
        ) as holdout_days
    from bounds
),

cuts as (
    select
        'holdout' as window_name,
        first_on,
        holdout_days,
        {{ add_days(day(ends_on), '-holdout_days') }} as cut_on,
        {{ day(ends_on) }} as window_ends_on
    from lengths
    union all
    select
        'last_year' as window_name,
        first_on,
        holdout_days,
        {{ add_days(day(ends_on), '-holdout_days - 365') }} as cut_on,
        {{ add_days(day(ends_on), -365) }} as window_ends_on
    from lengths
),

-- what is known at a cut must have been watched for as long as the shortest holdout
windows as (
    select * from cuts
    where {{ days_between('cut_on', 'first_on') }} >= {{ var('clv_holdout_min_days') }}
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
