{{ config(materialized='view') }}

with level_days as (
    select * from {{ ref('int_level_day') }}
),

pairs as (
    select
        observed.observed_on,
        observed.day_number as observed_number,
        observed.last_shop_number as observed_last_shop_number,
        earlier.observed_on as month_end_on,
        earlier.last_shop_number,
        earlier.idle_days,
        -- as known on the observed day, the days without purchases around the month end last until the next purchase
        case
            when earlier.next_shop_on <= observed.observed_on
                then {{ days_between('earlier.next_shop_on', 'earlier.last_shop_on') }} - 1
            else {{ days_between('observed.observed_on', 'earlier.last_shop_on') }}
        end as run_days
    from level_days as observed
    inner join level_days as earlier
        on
            observed.observed_on > earlier.observed_on
            and observed.observed_number - earlier.observed_number <= {{ var('level_months') }}
    where earlier.is_month_end
)

-- a month end in a long run is not a day of the calendar
select
    observed_on,
    observed_number,
    observed_last_shop_number,
    month_end_on,
    last_shop_number + idle_days as month_end_number
from pairs
where idle_days = 0 or run_days < {{ var('level_idle_days') }}
