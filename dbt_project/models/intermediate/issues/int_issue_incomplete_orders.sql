{#-
The amount is the value of accepted lines that are not counted because other lines of their order are missing.
Orders that are not sales are left out, because they are not counted anyway.
-#}
with orders as (
    select
        source,
        order_id,
        net_amount is not null as is_valued
    from {{ ref('int_order') }}
    where is_incomplete and status_class = 'sale' and not is_test and not is_cancelled
),

lines as (
    select
        source,
        order_id,
        sum(net_amount) as net_amount
    from {{ ref('int_order_line') }}
    where is_counted
    group by source, order_id
)

select
    'orders_incomplete' as issue,
    orders.source,
    'orders' as entity,
    case when orders.is_valued then 'with the amount of the header' else 'without an amount' end as detail,
    count(*) as n_rows,
    cast(
        sum(case when orders.is_valued then 0 else coalesce(lines.net_amount, 0) end) as decimal(18, 2)
    ) as amount,
    false as is_amount_estimated
from orders
left join lines
    on orders.source = lines.source and orders.order_id = lines.order_id
group by orders.source, orders.is_valued
