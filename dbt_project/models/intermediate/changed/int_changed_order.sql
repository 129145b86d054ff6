{% call changed_keys('int_changed_order') -%}
with touched as (
    select source, order_id from ({{ touched_keys('orders') }}) as orders
    union
    select source, order_id from ({{ touched_keys('order_lines') }}) as lines
    union
    -- lines are deleted with their order, also if it has no header
    select source, record_id as order_id from ({{ changed_deletions('orders') }}) as deletions
),

rejected_rows as (
    select * from {{ ref('stg_rejected_rows') }}
    where entity in ('orders', 'order_lines') and order_id is not null
),

-- A rejected row is resolved by an accepted row of the same order, which is in `touched`.
touched_by_rejections as (
    select source, order_id
    from rejected_rows
    where
        {{ is_changed_batch() }}
        or {{ is_new_day('known_on') }}
        or {{ is_new_day('event_on') }}
),

paid as (
    -- every order that any version of a changed payment names
    select source, order_id
    from {{ ref('stg_payments') }}
    where (source, payment_id) in (select source, payment_id from {{ ref('int_changed_payment') }})
),

of_changed_customers as (
    select source, order_id
    from {{ with_guests('orders', ['source', 'order_id', 'customer_ref']) }} as orders
    where (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
    union
    select source, order_id
    from {{ with_guests('order_lines', ['source', 'order_id', 'customer_ref']) }} as lines
    where (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
    union
    select source, order_id
    from rejected_rows
    where (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
),

of_changed_products as (
    select source, order_id
    from {{ ref('stg_order_lines') }}
    where (source, product_id) in (select source, product_id from {{ ref('int_changed_product') }})
),

on_changed_fx_days as (
    select source, order_id
    from {{ ref('stg_orders') }}
    where event_on in (select rate_on from {{ ref('int_changed_fx_day') }})
    union
    select source, order_id
    from {{ ref('stg_order_lines') }}
    where event_on in (select rate_on from {{ ref('int_changed_fx_day') }})
    union
    select source, order_id
    from rejected_rows
    where event_on in (select rate_on from {{ ref('int_changed_fx_day') }})
)

select source, order_id from touched
union
select source, order_id from touched_by_rejections
union
select source, order_id from paid
union
select source, order_id from of_changed_customers
union
select source, order_id from of_changed_products
union
select source, order_id from on_changed_fx_days
{%- endcall %}
