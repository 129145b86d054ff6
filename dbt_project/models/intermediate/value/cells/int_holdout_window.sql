{#- The windows end at the last month end, so that a model chosen by them stays chosen for a month. -#}
{%- set ends_on = last_observed_month_end() -%}
with calendar as (
    select * from {{ ref('int_observation_day') }}
),

first_days as (
    select
        days.customer_key,
        min(calendar.observed_days) as first_day
    from {{ ref('int_customer_day') }} as days
    inner join calendar on days.day_on = calendar.day_on
    where days.is_purchase_day and days.day_on <= {{ day(ends_on) }}
    group by days.customer_key
),

-- the first percentile of the first days: one order with a wrong year must not lengthen the observed period
bounds as (
    select percentile_disc(0.01) within group (order by first_day) as first_day
    from first_days
),

lengths as (
    select
        bounds.first_day,
        calendar.observed_days as end_day,
        cast(
            greatest(
                floor((calendar.observed_days - bounds.first_day) * {{ var('clv_holdout_share') }}),
                {{ var('clv_holdout_min_days') }}
            ) as integer
        ) as holdout_days
    from bounds
    inner join calendar on calendar.day_on = {{ day(ends_on) }}
),

holdout as (
    select
        lengths.first_day,
        calendar.day_on as cut_on
    from lengths
    inner join calendar
        on calendar.observed_days = lengths.end_day - lengths.holdout_days and calendar.is_observed
),

windows as (
    select
        'holdout' as window_name,
        first_day,
        cut_on,
        {{ day(ends_on) }} as window_ends_on
    from holdout
    union all
    select
        'last_year' as window_name,
        first_day,
        {{ add_days('cut_on', -365) }} as cut_on,
        {{ add_days(day(ends_on), -365) }} as window_ends_on
    from holdout
),

final as (
    -- the observed period before a cut must be at least as long as the shortest holdout
    select
        windows.window_name,
        windows.cut_on,
        at_cut.observed_days as cut_day,
        at_end.observed_days - at_cut.observed_days as holdout_days,
        windows.window_ends_on
    from windows
    inner join calendar as at_cut on windows.cut_on = at_cut.day_on
    inner join calendar as at_end on windows.window_ends_on = at_end.day_on
    where
        at_cut.observed_days - windows.first_day >= {{ var('clv_holdout_min_days') }}
        and at_end.observed_days > at_cut.observed_days
)

select * from final
