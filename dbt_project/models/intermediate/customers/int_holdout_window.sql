{#- The last month's end, so that a choice made by these windows holds for a month. -#}
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
)

-- what is known at a cut must have been watched for as long as the shortest holdout
select
    window_name,
    cut_on,
    holdout_days,
    window_ends_on
from cuts
where {{ days_between('cut_on', 'first_on') }} >= {{ var('clv_holdout_min_days') }}
