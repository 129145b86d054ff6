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
    from {{ ref('stg_orders') }}
    where (source, order_id) in (select source, order_id from orders_concerned)
    union
    select source, customer_ref
    from {{ ref('stg_order_lines') }}
    where (source, order_id) in (select source, order_id from orders_concerned)
    union
    select source, customer_ref
    from {{ ref('stg_rejected_rows') }}
    where entity = 'order_lines' and (source, order_id) in (select source, order_id from orders_concerned)
),

-- references that now belong to another person: all references of both persons, because one of them gives the key
regrouped as (
    select pseudonyms.customer_key
    from {{ ref('int_changed_customer_ref') }} as changed
    inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
        on changed.source = pseudonyms.source and changed.customer_ref = pseudonyms.ref
)

select identity.customer_key
from refs
inner join {{ ref('int_customer_identity') }} as identity
    on refs.source = identity.source and refs.customer_ref = identity.customer_ref
union
select customer_key from regrouped
{%- endcall %}
