{% call changed_keys(['customer_key']) -%}
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

persons as (
    select source, customer_ref as ref from refs
    union
    select customers.source, customers.person_ref as ref
    from {{ ref('stg_customers') }} as customers
    inner join refs
        on customers.source = refs.source and customers.customer_ref = refs.customer_ref
)

select distinct pseudonyms.customer_key
from persons
inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
    on persons.source = pseudonyms.source and persons.ref = pseudonyms.ref
{%- endcall %}
