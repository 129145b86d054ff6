with first_order as (
    select min(ordered_on) as first_on from {{ ref('int_order') }}
),

bounds as (
    select
        coalesce(first_on, {{ as_of_date() }}) as first_on,
        {{ as_of_date() }} as last_on
    from first_order
),

days as (
    {{ date_spine('first_on', 'last_on', 'bounds') }}
),

gaps as (
    select
        silent_from_on,
        silent_to_on
    from {{ ref('int_observation_gap') }}
),

-- if a source declares complete coverage of a day, a day without orders is a day without purchases
covered as (
    select
        coalesce(covered_from, bounds.first_on) as covered_from,
        coalesce(covered_to, bounds.last_on) as covered_to
    from {{ ref('int_coverage_as_of') }}
    cross join bounds
    where is_complete and entity in ('orders', 'order_lines')
),

marked as (
    select
        days.date_on as day_on,
        max(case when gaps.silent_from_on is not null and covered.covered_from is null then 1 else 0 end)
            as is_unobserved
    from days
    left join gaps on days.date_on between gaps.silent_from_on and gaps.silent_to_on
    left join covered on days.date_on between covered.covered_from and covered.covered_to
    group by days.date_on
)

select
    day_on,
    is_unobserved = 0 as is_observed,
    cast(sum(is_unobserved) over (order by day_on) as integer) as unobserved_days,
    cast(sum(1 - is_unobserved) over (order by day_on) as integer) as observed_days
from marked
