{#- A time after the day of landing and a currency that is not a code are not readable. -#}
with files as (
    select distinct
        batch,
        landed_on
    from {{ landed('ledger') }}
),

{% for name in money_entities() -%}
{%- set spec = entity(name) -%}
{{ name }} as (
    select
        checked.source,
        '{{ name }}' as entity,
        checked.{{ spec.key[0] }} as key_1,
        {{ 'checked.' ~ spec.key[1] if spec.key | length > 1 else "''" }} as key_2,
        checked.order_id,
        {%- for column in ['customer_ref', 'status', 'channel', 'store_id'] %}
        {{ 'checked.' ~ column if column in spec.columns else 'cast(null as string)' }} as {{ column }},
        {%- endfor %}
        case when {{ matches('checked.currency', '[A-Z]{3}') }} then checked.currency end as currency,
        {%- set is_dated = 'not ' ~ in_the_future('checked.event_on') %}
        {%- set is_updated = 'not ' ~ in_the_future(business_date('checked.updated_at')) %}
        case when {{ is_dated }} then checked.{{ spec.event }} end as event_at,
        case when {{ is_dated }} then checked.event_on end as event_on,
        case when {{ is_updated }} then checked.updated_at end as updated_at,
        checked.file_on,
        cast({{ row_value(name) }} as decimal(18, 2)) as row_amount,
        checked.content_hash,
        checked.batch,
        checked.batch || '|' || cast(checked.record as string) || '|' || checked.content_hash as row_id
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join files on checked.batch = files.batch
    where checked.broken_rules <> ''
),

{% endfor -%}

unioned as (
    {% for name in money_entities() -%}
    select * from {{ name }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select
    *,
    coalesce({{ business_date('updated_at') }}, file_on, event_on) as known_on
from unioned
