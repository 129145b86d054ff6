{% call changed_keys('int_changed_customer') -%}
{#- Every customer that any version of a changed order or return names: the version that counts may have changed. -#}
with changed_returns as (
    select source, order_id, customer_ref
    from {{ ref('stg_returns') }}
    where (source, return_id) in (select source, return_id from {{ ref('int_changed_return') }})
),

orders_concerned as (
    select source, order_id from {{ ref('int_changed_order') }}
    union
    select source, order_id from changed_returns
),

refs as (
    select source, customer_ref from changed_returns
    union
    select source, customer_ref
    from {{ with_guests('orders', ['source', 'order_id', 'customer_ref']) }} as orders
    where (source, order_id) in (select source, order_id from orders_concerned)
    union
    select source, customer_ref
    from {{ with_guests('order_lines', ['source', 'order_id', 'customer_ref']) }} as lines
    where (source, order_id) in (select source, order_id from orders_concerned)
    union
    select source, customer_ref
    from {{ ref('stg_rejected_rows') }}
    where entity = 'order_lines' and (source, order_id) in (select source, order_id from orders_concerned)
),

-- the customers whose references are others than in the last build, as they are now and as they were
regrouped as (
    select identity.customer_key
    from {{ ref('int_customer_identity') }} as identity
    where (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
    union
    select identity_before.customer_key
    from {{ ref('int_customer_identity_before') }} as identity_before
    where (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
)

select identity.customer_key
from refs
inner join {{ ref('int_customer_identity') }} as identity
    on refs.source = identity.source and refs.customer_ref = identity.customer_ref
union
select customer_key from regrouped
{%- endcall %}
