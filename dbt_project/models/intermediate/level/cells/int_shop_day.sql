with purchase_days as (
    select distinct ordered_on as day_on
    from {{ ref('int_order') }}
    where is_purchase and ordered_on is not null
),

steps as (
    select
        day_on,
        lag(day_on) over (order by day_on) as previous_on,
        lead(day_on) over (order by day_on) as next_on
    from purchase_days
),

-- after a long run of days without any purchase, the next purchase counts as one on the next day
distances as (
    select
        day_on,
        next_on,
        case
            when previous_on is null then 0
            when {{ days_between('day_on', 'previous_on') }} > {{ var('level_idle_days') }} then 1
            else {{ days_between('day_on', 'previous_on') }}
        end as counted_days
    from steps
)

select
    day_on,
    next_on,
    cast(sum(counted_days) over (order by day_on) as integer) as day_number
from distances
