with movements as (
    select
        period_kind,
        period_on,
        movement,
        sum(n_customers) as n_customers,
        sum(previous_net_amount) as previous_net_amount,
        sum(net_amount) as net_amount,
        max(case when movement like 'kept%' or movement = 'lost' then 1 else 0 end) as was_active,
        max(case when movement in ('lost', 'returns_only') then 0 else 1 end) as is_active
    from {{ ref('int_period_movement') }}
    group by period_kind, period_on, movement
),

periods as (
    select * from {{ ref('int_period') }}
),

totals as (
    select
        period_kind,
        period_on,
        sum(n_customers * was_active) as n_previous_customers,
        sum(n_customers * is_active) as n_period_customers
    from movements
    group by period_kind, period_on
),

counted as (
    select
        movements.*,
        case when movements.was_active = 1 then totals.n_previous_customers end as n_previous_customers,
        case when movements.is_active = 1 then totals.n_period_customers end as n_period_customers
    from movements
    inner join totals
        on movements.period_kind = totals.period_kind and movements.period_on = totals.period_on
)

select
    {{ as_of_date() }} as as_of_on,
    counted.period_kind,
    counted.period_on,
    periods.previous_on,
    periods.is_complete and previous_periods.is_complete as is_complete,
    counted.movement,
    cast(counted.n_customers as integer) as n_customers,
    {%- for base in ['previous', 'period'] %}
    cast(counted.n_{{ base }}_customers as integer) as n_{{ base }}_customers,
    cast({{ divide('counted.n_customers', 'counted.n_' ~ base ~ '_customers', 6, 0) }} as decimal(9, 6))
        as {{ base }}_share,
    {{ wilson_bound('counted.n_customers', 'counted.n_' ~ base ~ '_customers', '-') }} as {{ base }}_share_low,
    {{ wilson_bound('counted.n_customers', 'counted.n_' ~ base ~ '_customers', '+') }} as {{ base }}_share_high,
    {%- endfor %}
    cast(counted.previous_net_amount as decimal(18, 2)) as previous_net_amount,
    cast(counted.net_amount as decimal(18, 2)) as net_amount,
    cast(counted.net_amount - counted.previous_net_amount as decimal(18, 2)) as change_amount
from counted
inner join periods
    on counted.period_kind = periods.period_kind and counted.period_on = periods.period_on
inner join periods as previous_periods
    on periods.period_kind = previous_periods.period_kind and periods.previous_on = previous_periods.period_on
