{#- Built before int_customer_identity, which the core step then replaces. -#}
{%- set built = adapter.get_relation(
    database=this.database, schema=generate_schema_name('intermediate', model) | trim, identifier='int_customer_identity'
) if execute and this_build('previous_as_of') else none -%}
{% if built -%}
select
    source,
    customer_ref,
    customer_key
from {{ built }}
{%- else -%}
select
    source,
    ref as customer_ref,
    cast(null as string) as customer_key
from {{ ref('stg_customer_refs') }}
where 1 = 0
{%- endif %}
