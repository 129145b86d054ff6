with periods as (
    select * from {{ ref('int_period') }}
),

customers as (
    select * from {{ ref('int_customer_period') }}
),

-- each row of a customer counts in its own period, and as the previous one in the next period
placed as (
    select
        periods.period_kind,
        periods.period_on,
        customers.customer_key,
        customers.n_purchase_days as n_days,
        0 as n_previous_days,
        customers.net_amount,
        cast(0 as decimal(18, 2)) as previous_net_amount,
        case when customers.cohort_on = customers.period_on then 1 else 0 end as n_firsts
    from customers
    inner join periods
        on customers.period_kind = periods.period_kind and customers.period_on = periods.period_on
    where periods.period_number > 1
    union all
    select
        periods.period_kind,
        periods.period_on,
        customers.customer_key,
        0 as n_days,
        customers.n_purchase_days as n_previous_days,
        cast(0 as decimal(18, 2)) as net_amount,
        customers.net_amount as previous_net_amount,
        0 as n_firsts
    from customers
    inner join periods
        on customers.period_kind = periods.period_kind and customers.period_on = periods.previous_on
),

compared as (
    select
        period_kind,
        period_on,
        customer_key,
        sum(n_days) as n_days,
        sum(n_previous_days) as n_previous_days,
        sum(net_amount) as net_amount,
        sum(previous_net_amount) as previous_net_amount,
        max(n_firsts) as n_firsts
    from placed
    group by period_kind, period_on, customer_key
),

moved as (
    select
        *,
        case
            when n_previous_days > 0 and n_days > 0 and net_amount > previous_net_amount then 'kept_more'
            when n_previous_days > 0 and n_days > 0 and net_amount < previous_net_amount then 'kept_less'
            when n_previous_days > 0 and n_days > 0 then 'kept_same'
            when n_previous_days > 0 then 'lost'
            when n_days > 0 and n_firsts = 1 then 'new'
            when n_days > 0 then 'reactivated'
            else 'returns_only'
        end as movement
    from compared
)

select
    moved.period_kind,
    moved.period_on,
    moved.movement,
    case when moved.movement = 'new' then origins.is_earned end as is_earned,
    cast(count(*) as integer) as n_customers,
    cast(sum(moved.previous_net_amount) as decimal(18, 2)) as previous_net_amount,
    cast(sum(moved.net_amount) as decimal(18, 2)) as net_amount,
    sum({{ amount_product('moved.previous_net_amount', 'moved.previous_net_amount') }}) as sum_previous_squared,
    sum({{ amount_product('moved.net_amount', 'moved.net_amount') }}) as sum_net_squared,
    sum({{ amount_product('moved.net_amount', 'moved.previous_net_amount') }}) as sum_product
from moved
left join {{ ref('int_customer_origin') }} as origins
    on moved.customer_key = origins.customer_key and moved.movement = 'new'
group by
    moved.period_kind, moved.period_on, moved.movement, case when moved.movement = 'new' then origins.is_earned end
