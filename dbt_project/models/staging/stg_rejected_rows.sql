{#- NULL instead of a time after the day of landing, and instead of a currency that is not a code. -#}
with files as (
    select distinct
        batch,
        landed_on
    from {{ ref('stg_batch') }}
),

kept as (
    select
        entity,
        source,
        batch,
        key_1,
        key_2
    from {{ ref('stg_redelivered_row') }}
    where outcome in ('kept', 'appended') and not is_accepted
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
        {{ row_value(name) }} as row_amount,
        checked.content_hash,
        checked.batch,
        checked.batch || '|' || cast(checked.record as string) || '|' || checked.content_hash as row_id
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join files on checked.batch = files.batch
    where
        checked.broken_rules <> ''
        {%- if name == 'order_lines' %}
        -- a line with quantity 0 was removed from the order
        and not (coalesce(checked.quantity = 0, false) and coalesce(checked.total, 0) = 0)
        {%- endif %}
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

-- a later delivery of the file replaces a row, unless the row's key is missing from it
select
    unioned.*,
    coalesce({{ business_date('unioned.updated_at') }}, unioned.file_on, unioned.event_on) as known_on,
    batches.n_later,
    batches.n_later > 0 and (kept.batch is null or batches.has_generated_keys) as is_replaced
from unioned
inner join {{ ref('stg_batch') }} as batches
    on
        unioned.source = batches.source
        and unioned.batch = batches.batch
        and unioned.entity = batches.entity
left join kept
    on
        unioned.source = kept.source
        and unioned.entity = kept.entity
        and unioned.batch = kept.batch
        and unioned.key_1 = kept.key_1
        and unioned.key_2 = kept.key_2
