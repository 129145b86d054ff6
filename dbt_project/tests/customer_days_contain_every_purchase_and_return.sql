-- Purchases and returns by customer and day add up to the facts.
with days as (
    select
        sum(net_amount) as net_amount,
        sum(returned_amount) as returned_amount,
        sum(n_orders) as n_orders
    from {{ ref('int_customer_day') }}
),

orders as (
    select
        sum(net_amount) as net_amount,
        count(*) as n_orders
    from {{ ref('fct_order') }}
    where is_purchase
),

returns as (
    select sum(return_amount) as returned_amount
    from {{ ref('fct_return') }}
    where customer_key is not null and issue is null
)

select *
from days
cross join orders
cross join returns
where
    coalesce(days.net_amount, 0) <> coalesce(orders.net_amount, 0)
    or coalesce(days.n_orders, 0) <> coalesce(orders.n_orders, 0)
    or coalesce(days.returned_amount, 0) <> coalesce(returns.returned_amount, 0)
