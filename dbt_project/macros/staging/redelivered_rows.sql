{#-
CTEs of stg_redelivered_row: rows of an entity from earlier deliveries of a file name that are missing from the latest
delivery of that name.

Rows of two deliveries are matched by their key. If landing generated the key, they are matched by their content and
their position among equal rows of the file. If a delivery has complete lists of order lines, they are matched by the
order.

outcome  superseded  an equal row of a later delivery replaces it (generated keys only)
         removed     the mapping has `delivery: full`
         appended    the mapping has `delivery: append`: the row stays
         kept        the mapping has neither: the row stays, and the run warns
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
        batches.has_generated_keys and batches.line_lists is null as is_matched_by_content,
        {% else -%}
        false as is_list,
        batches.has_generated_keys as is_matched_by_content,
        {% endif -%}
        checked.content_hash,
        row_number() over (
            partition by checked.batch, deliveries.file_name, checked.content_hash order by checked.record, checked.line
        ) as occurrence,
        checked.event_on,
        checked.is_accepted,
        {{ money_of(name, 'checked') }} as amount,
        {{ 'checked.currency' if 'currency' in entity(name).columns and name != 'fx_rates' else 'cast(null as string)' }}
            as currency
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join redelivered as deliveries
        on checked.source = deliveries.source and checked.batch = deliveries.batch
    inner join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = '{{ name }}'
),

{{ name }}_matched as (
    select
        *,
        case when is_list then key_1 when is_matched_by_content then content_hash else key_1 end as match_1,
        case when is_list then '' when is_matched_by_content then cast(occurrence as string) else key_2 end as match_2
    from {{ name }}_rows
),

{{ name }}_last as (
    select
        source,
        file_name,
        is_list,
        is_matched_by_content,
        match_1,
        match_2,
        max(sequence) as last_sequence,
        min(n_later) as n_later
    from {{ name }}_matched
    where match_1 is not null and match_2 is not null
    group by source, file_name, is_list, is_matched_by_content, match_1, match_2
),

{{ name }} as (
    select
        '{{ name }}' as entity,
        matched.source,
        matched.batch,
        matched.file_name,
        matched.file_on,
        matched.key_1,
        matched.key_2,
        matched.event_on,
        matched.is_accepted,
        matched.amount,
        matched.currency,
        matched.sequence = latest_rows.last_sequence as is_last,
        case
            when matched.is_matched_by_content and matched.sequence < latest_rows.last_sequence then 'superseded'
            when latest.delivery = 'full' then 'removed'
            when latest.delivery = 'append' then 'appended'
            else 'kept'
        end as outcome
    from {{ name }}_matched as matched
    inner join {{ name }}_last as latest_rows
        on
            matched.source = latest_rows.source
            and matched.file_name = latest_rows.file_name
            and matched.is_list = latest_rows.is_list
            and matched.is_matched_by_content = latest_rows.is_matched_by_content
            and matched.match_1 = latest_rows.match_1
            and matched.match_2 = latest_rows.match_2
    inner join latest
        on matched.source = latest.source and matched.file_name = latest.file_name
    where latest_rows.n_later > 0 or (matched.is_matched_by_content and matched.sequence < latest_rows.last_sequence)
)
{%- endmacro %}

{#- The value of a row in its own currency, from its own columns; NULL for entities without money. -#}
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

{#- The value of a row if it is in the reporting currency; NULL otherwise. -#}
{% macro reported_money_of(name, relation) -%}
    {%- if name in ('orders', 'order_lines', 'payments', 'returns') -%}
        case
            when coalesce({{ relation }}.currency, '{{ var("currency") }}') = '{{ var("currency") }}'
                then {{ money_of(name, relation) }}
        end
    {%- else -%} cast(null as decimal(18, 2))
    {%- endif -%}
{%- endmacro %}

{#-
A condition: a later delivery has replaced the row `relation` of the entity `name`. With `day`, an SQL expression, a
removal does not count if the removed row's file has a later date; none means no restriction.
-#}
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
