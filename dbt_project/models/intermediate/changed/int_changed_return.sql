{% call changed_keys(['source', 'return_id']) -%}
with touched as (
    {{ touched_keys('returns') }}
)

select source, return_id from touched
union
select source, return_id
from {{ ref('stg_returns') }}
where
    (source, order_id) in (select source, order_id from {{ ref('int_changed_order') }})
    or (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
    or event_on in (select rate_on from {{ ref('int_changed_fx_day') }})
{%- endcall %}
