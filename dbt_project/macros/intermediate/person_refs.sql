{#-
Customer records that name another reference as their person, as they count at the end of a day: source, customer_ref,
person_source, person_ref. Only customers with a version that names a person are read.

day  a date, as text; the as-of day by default
-#}
{% macro person_refs(day=none) -%}
{%- set names_a_person -%}
    (source, customer_ref) in (select source, customer_ref from {{ ref('stg_customers') }} where person_ref is not null)
{%- endset -%}
select
    source,
    customer_ref,
    coalesce(person_source, source) as person_source,
    person_ref
from (
    {{ as_of_rows('customers', ref('stg_customers'), day, where=names_a_person) }}
) as customers
where person_ref is not null and not (person_ref = customer_ref and coalesce(person_source, source) = source)
{%- endmacro %}
