{%- set namers -%}
    (source, customer_ref) in (select source, customer_ref from {{ ref('stg_customers') }} where person_ref is not null)
{%- endset -%}
with customers as (
    {{ as_of_rows('customers', ref('stg_customers'), where=namers) }}
)

select
    source,
    customer_ref,
    coalesce(person_source, source) as person_source,
    person_ref
from customers
where person_ref is not null and not (person_ref = customer_ref and coalesce(person_source, source) = source)
