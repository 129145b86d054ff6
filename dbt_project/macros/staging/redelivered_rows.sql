{#-
Rows of an entity from deliveries that another delivery of the same name has followed, and that the latest of them does not
have any more; CTEs of stg_redelivered_row. What a row is known by again: its key; where landing generated the key, its
content and its place among equal rows of the file; where a delivery has whole lists of lines, the order.

outcome  superseded  an equal row of a later delivery stands for it (generated keys only)
         removed     the mapping says `delivery: full`
         appended    the mapping says `delivery: append`: it stays
         kept        nothing is said: it stays, and the run warns
-#}
{% macro redelivered_rows(name) -%}
{%- set key = entity(name).key -%}
{{ name }}_rows as (
    select
        checked.source,
        checked.batch,
        deliveries.file_name,
        deliveries.sequence,
        deliveries.n_later,
        batches.file_on,
        {% for column in key -%}
        cast(checked.{{ column }} as string) as key_{{ loop.index }},
        {% endfor -%}
        {% if key | length == 1 %}'' as key_2,{% endif %}
        {% if name == 'order_lines' -%}
        batches.line_lists is not null as is_list,
        batches.has_generated_keys and batches.line_lists is null as is_known_by_content,
        {% else -%}
        false as is_list,
        batches.has_generated_keys as is_known_by_content,
        {% endif -%}
        checked.content_hash,
        row_number() over (
            partition by checked.batch, deliveries.file_name, checked.content_hash order by checked.record, checked.line
        ) as occurrence,
        checked.event_on,
        checked.broken_rules = '' as is_accepted,
        {{ money_of(name, 'checked') }} as amount,
        {{ 'checked.currency' if 'currency' in entity(name).columns and name != 'fx_rates' else 'cast(null as string)' }}
            as currency
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join followed as deliveries
        on checked.source = deliveries.source and checked.batch = deliveries.batch
    inner join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = '{{ name }}'
),

{{ name }}_known as (
    select
        *,
        case when is_list then key_1 when is_known_by_content then content_hash else key_1 end as known_1,
        case when is_list then '' when is_known_by_content then cast(occurrence as string) else key_2 end as known_2
    from {{ name }}_rows
),

{{ name }}_last as (
    select
        source,
        file_name,
        is_list,
        is_known_by_content,
        known_1,
        known_2,
        max(sequence) as last_sequence,
        min(n_later) as n_later
    from {{ name }}_known
    where known_1 is not null and known_2 is not null
    group by source, file_name, is_list, is_known_by_content, known_1, known_2
),

{{ name }} as (
    select
        '{{ name }}' as entity,
        known.source,
        known.batch,
        known.file_name,
        known.file_on,
        known.key_1,
        known.key_2,
        known.event_on,
        known.is_accepted,
        known.amount,
        known.currency,
        known.sequence = seen.last_sequence as is_last,
        case
            when known.is_known_by_content and known.sequence < seen.last_sequence then 'superseded'
            when latest.delivery = 'full' then 'removed'
            when latest.delivery = 'append' then 'appended'
            else 'kept'
        end as outcome
    from {{ name }}_known as known
    inner join {{ name }}_last as seen
        on
            known.source = seen.source
            and known.file_name = seen.file_name
            and known.is_list = seen.is_list
            and known.is_known_by_content = seen.is_known_by_content
            and known.known_1 = seen.known_1
            and known.known_2 = seen.known_2
    inner join latest
        on known.source = latest.source and known.file_name = latest.file_name
    where seen.n_later > 0 or (known.is_known_by_content and known.sequence < seen.last_sequence)
)
{%- endmacro %}

{#- What a row is worth in its own currency, from its own columns; NULL for entities without money. -#}
{% macro money_of(name, relation) -%}
    {%- if name == 'orders' -%}
        coalesce({{ relation }}.total, {{ relation }}.gross - coalesce({{ relation }}.discount, 0))
    {%- elif name == 'order_lines' -%}
        coalesce(
            {{ relation }}.total - coalesce({{ relation }}.tax, 0),
            {{ multiply(relation ~ '.quantity', relation ~ '.unit_price', 2, 4, 4) }} - coalesce({{ relation }}.discount, 0)
        )
    {%- elif name in ('payments', 'returns') -%} {{ relation }}.amount
    {%- else -%} cast(null as decimal(18, 2))
    {%- endif -%}
{%- endmacro %}

{#- The same, if the row is in the reporting currency; NULL otherwise. -#}
{% macro reported_money_of(name, relation) -%}
    {%- if name in ('orders', 'order_lines', 'payments', 'returns') -%}
        case
            when coalesce({{ relation }}.currency, '{{ var("currency") }}') = '{{ var("currency") }}'
                then {{ money_of(name, relation) }}
        end
    {%- else -%} cast(null as decimal(18, 2))
    {%- endif -%}
{%- endmacro %}

{#- A condition: the row of an entity has been replaced by a later delivery. `day` as text; none for any day. -#}
{% macro is_replaced(name, relation, day=none) -%}
    exists (
        select 1 from {{ ref('stg_redelivered_row') }} as replaced
        where
            replaced.entity = '{{ name }}'
            and replaced.outcome in ('superseded', 'removed')
            and replaced.source = {{ relation }}.source
            and replaced.batch = {{ relation }}.batch
            {%- for column in entity(name).key %}
            and replaced.key_{{ loop.index }} = cast({{ relation }}.{{ column }} as string)
            {%- endfor %}
            {%- if day %}
            and (replaced.outcome = 'superseded' or replaced.file_on is null or replaced.file_on <= {{ day }})
            {%- endif %}
    )
{%- endmacro %}
