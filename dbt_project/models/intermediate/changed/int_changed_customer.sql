{% call changed_keys('int_changed_customer') -%}
{#- All that a changed order or return ever said of its customer, whichever version counted then or counts now. -#}
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

-- Whose customer was or is another person: every reference of both, one of which gave or gives the key.
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
