{#- Orders of any kind, of anybody and any source: one is enough to show that buying could be seen. -#}
with order_days as (
    select distinct ordered_on as day_on
    from {{ ref('int_order') }}
    where ordered_on is not null
),

steps as (
    select
        day_on,
        lag(day_on) over (order by day_on) as previous_on
    from order_days
),

distances as (
    select
        day_on,
        previous_on,
        {{ days_between('day_on', 'previous_on') }} as distance_days
    from steps
    where previous_on is not null
),

-- the median, because the gaps themselves would lengthen a mean
limits as (
    select
        cast(
            greatest(
                {{ var('clv_gap_days') }},
                {{ var('clv_gap_factor') }} * percentile_disc(0.5) within group (order by distance_days)
            ) as integer
        ) as limit_days
    from distances
)

select
    {{ add_days('distances.previous_on', 1) }} as silent_from_on,
    {{ add_days('distances.day_on', -1) }} as silent_to_on,
    distances.distance_days - 1 as silent_days,
    limits.limit_days
from distances
cross join limits
where distances.distance_days - 1 > limits.limit_days
