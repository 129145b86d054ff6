{#- Orders of any kind and source, with or without a customer: one order shows that orders were recorded. -#}
with order_days as (
    select distinct ordered_on as day_on
    from {{ ref('int_order') }}
    where ordered_on is not null
),

steps as (
    select
        day_on,
        lead(day_on) over (order by day_on) as next_on
    from order_days
),

-- from the last order up to and including the as-of day
silences as (
    select
        day_on as last_seen_on,
        next_on is null as is_open,
        coalesce(next_on, {{ add_days(as_of_date(), 1) }}) as ended_on
    from steps
),

measured as (
    select
        last_seen_on,
        is_open,
        ended_on,
        {{ days_between('ended_on', 'last_seen_on') }} - 1 as silent_days
    from silences
),

-- the median between orders: the gaps themselves would lengthen a mean
usual as (
    select percentile_disc(0.5) within group (order by silent_days + 1) as distance_days
    from measured
    where not is_open
),

limits as (
    select
        cast(
            greatest({{ var('clv_gap_days') }}, {{ var('clv_gap_factor') }} * coalesce(distance_days, 0)) as integer
        ) as limit_days
    from usual
)

select
    {{ add_days('measured.last_seen_on', 1) }} as silent_from_on,
    {{ add_days('measured.ended_on', -1) }} as silent_to_on,
    measured.silent_days,
    limits.limit_days
from measured
cross join limits
where measured.silent_days > limits.limit_days
