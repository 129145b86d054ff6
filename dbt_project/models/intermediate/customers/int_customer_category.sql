{{ config(materialized='incremental', meta={'changed_by': 'int_changed_customer'}) }}

with purchases as (
    select
        source,
        order_id,
        customer_key,
        ordered_on
    from {{ ref('int_order') }}
    where is_purchase and {{ is_changed('int_changed_customer') }}
),

lines as (
    select
        source,
        order_id,
        category
    from {{ ref('int_order_line') }}
    where category is not null and is_counted
)

select
    purchases.customer_key,
    lines.category,
    min(purchases.ordered_on) as first_bought_on
from purchases
inner join lines
    on purchases.source = lines.source and purchases.order_id = lines.order_id
group by purchases.customer_key, lines.category
