{%- set days = days_back(this_build('as_of'), var('history_months') + 1) %}

with spans as (
    select * from {{ ref('int_programme_span') }}
    where is_member
),

periods as (
    {{ listed_days(days) }}
),

moved as (
    select
        periods.observed_on,
        periods.from_on,
        later.source,
        coalesce(earlier.tier, 'not_member') as from_tier,
        later.tier as to_tier,
        count(*) as n_members
    from periods
    inner join spans as later
        on
            periods.observed_on >= later.observed_on
            and (later.next_observed_on is null or periods.observed_on < later.next_observed_on)
    left join spans as earlier
        on
            later.source = earlier.source
            and later.customer_key = earlier.customer_key
            and periods.from_on >= earlier.observed_on
            and (earlier.next_observed_on is null or periods.from_on < earlier.next_observed_on)
    where periods.from_on is not null
    group by periods.observed_on, periods.from_on, later.source, earlier.tier, later.tier
),

totals as (
    select
        observed_on,
        source,
        from_tier,
        sum(n_members) as n_from
    from moved
    group by observed_on, source, from_tier
)

select
    {{ as_of_date() }} as as_of_on,
    moved.source,
    moved.from_on,
    moved.observed_on,
    moved.from_tier,
    moved.to_tier,
    cast(moved.n_members as bigint) as n_members,
    cast(totals.n_from as bigint) as n_from,
    cast({{ divide('moved.n_members', 'totals.n_from', 6, 0) }} as decimal(9, 6)) as share_of_from,
    {{ wilson_bound('moved.n_members', 'totals.n_from', '-') }} as share_low,
    {{ wilson_bound('moved.n_members', 'totals.n_from', '+') }} as share_high
from moved
inner join totals
    on
        moved.observed_on = totals.observed_on
        and moved.source = totals.source
        and moved.from_tier = totals.from_tier
