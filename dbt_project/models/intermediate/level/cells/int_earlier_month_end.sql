{{ config(materialized='view') }}

with level_days as (
    select * from {{ ref('int_level_day') }}
),

pairs as (
    select
        curves.curve_on,
        curves.day_number as curve_number,
        curves.last_shop_number as curve_last_shop_number,
        earlier.observed_on as month_end_on,
        earlier.last_shop_number,
        earlier.idle_days,
        -- as known on the curve's day, the days without purchases around the month end go on until the next purchase
        case
            when earlier.next_shop_on <= curves.curve_on
                then {{ days_between('earlier.next_shop_on', 'earlier.last_shop_on') }} - 1
            else {{ days_between('curves.curve_on', 'earlier.last_shop_on') }}
        end as run_days
    from level_days as curves
    inner join level_days as earlier on curves.observed_on > earlier.observed_on
    where curves.observed_on = curves.curve_on and earlier.is_month_end
)

select
    curve_on,
    curve_number,
    curve_last_shop_number,
    month_end_on,
    last_shop_number
    + case when run_days >= {{ var('level_idle_days') }} then 0 else idle_days end as month_end_number
from pairs
