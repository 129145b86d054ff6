{% call changed_keys('int_changed_return') -%}
with touched as (
    select source, return_id from ({{ touched_keys('returns') }}) as returns
    union
    select source, return_id
    from {{ ref('stg_returns') }}
    where
        (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
        or event_on in (select rate_on from {{ ref('int_changed_fx_day') }})
),

-- the amount of a return depends on its order and on the other returns of that order
orders_concerned as (
    select source, order_id from {{ ref('int_changed_order') }}
    union
    select source, order_id
    from {{ ref('stg_returns') }}
    where (source, return_id) in (select source, return_id from touched)
)

select source, return_id from touched
union
select source, return_id
from {{ ref('stg_returns') }}
where (source, order_id) in (select source, order_id from orders_concerned)
{%- endcall %}
