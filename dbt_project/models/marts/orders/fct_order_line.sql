{{ config(materialized='view') }}

with lines as (
    select * from {{ ref('int_order_line') }}
),

orders as (
    select
        source,
        order_id,
        customer_key,
        is_purchase
    from {{ ref('int_order') }}
)

select
    {{ hash_key(['lines.source', 'lines.order_id', 'lines.line_id']) }} as order_line_key,
    {{ hash_key(['orders.source', 'orders.order_id']) }} as order_key,
    lines.source,
    lines.order_id,
    lines.line_id,
    orders.customer_key,
    lines.ordered_on,
    lines.status,
    lines.status_class,
    {{ hash_key(['lines.source', 'lines.product_id']) }} as product_key,
    lines.product_id,
    lines.product_name,
    lines.category,
    lines.brand,
    lines.quantity,
    lines.unit_price_amount,
    lines.gross_amount,
    lines.discount_amount,
    lines.net_amount,
    lines.list_amount,
    lines.cost_amount,
    coalesce(orders.is_purchase, false) and lines.is_counted as is_purchase,
    lines.issue
from lines
left join orders
    on lines.source = orders.source and lines.order_id = orders.order_id
