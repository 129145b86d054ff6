{#-
The rows of an entity that break a rule, and which of them are resolved; CTEs of stg_quarantine, which has `files` before them.

A refused row is resolved where staging has accepted a row of the same source and key that nothing shows to be older (macro
`resolves`). An `updated_at` that is itself refused as lying in the future says nothing. When rows landed plays no part, so
that the order of arrival does not matter.

Rows of earlier deliveries of a name resolve nothing, unless a date shows that they are younger. A row of an earlier delivery is
resolved when the later delivery came, unless the later one does not have its key any more.

A key that is missing, cannot be cast, or was made by landing for this very file is never met again: such a row stays open.
-#}
{% macro refused_rows(name) -%}
{%- set key = entity(name).key -%}
{{ name }}_refused as (
    select
        {%- for column in ['source'] + key %}
        checked.{{ column }},
        {%- endfor %}
        checked.row_key,
        checked.broken_rules,
        checked.file_name,
        files.file_sha256,
        checked.file_on,
        checked.effective_on,
        checked.record,
        checked.line,
        checked.batch,
        checked.content_hash,
        checked.raw,
        {{ row_value(name) }} as row_amount,
        case
            when not {{ in_the_future(business_date('checked.updated_at')) }} then checked.updated_at
        end as believed_at,
        batches.n_later > 0 and (kept.batch is null or batches.has_generated_keys)
        {%- if name == 'order_lines' %} or replaced_lines.batch is not null{% endif %} as is_replaced
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join files on checked.batch = files.batch
    inner join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = '{{ name }}'
    left join kept
        on
            kept.entity = '{{ name }}'
            and checked.batch = kept.batch
            {%- for column in key %}
            and cast(checked.{{ column }} as string) = kept.key_{{ loop.index }}
            {%- endfor %}
    {%- if name == 'order_lines' %}
    left join {{ ref('stg_replaced_line') }} as replaced_lines
        on
            checked.batch = replaced_lines.batch
            and checked.record = replaced_lines.record
            and checked.content_hash = replaced_lines.content_hash
    {%- endif %}
    where checked.broken_rules <> ''
),

{{ name }}_answered as (
    select
        refused.batch,
        refused.record,
        refused.content_hash,
        max(
            case
                when
                    {{ resolves('accepted', 'refused', n_later='batches.n_later', updated_at='believed_at') }}
                    then 1
                else 0
            end
        ) as is_resolved
    from {{ name }}_refused as refused
    inner join {{ ref('stg_' ~ name) }} as accepted
        on
            refused.source = accepted.source
            {%- for column in key %}
            and refused.{{ column }} = accepted.{{ column }}
            {%- endfor %}
    inner join {{ ref('stg_batch') }} as batches
        on accepted.source = batches.source and accepted.batch = batches.batch and batches.entity = '{{ name }}'
    group by refused.batch, refused.record, refused.content_hash
),

{{ name }} as (
    select
        refused.source,
        '{{ name }}' as entity,
        refused.row_key,
        refused.broken_rules,
        refused.file_name,
        refused.file_sha256,
        refused.file_on,
        refused.line,
        refused.batch,
        refused.raw,
        refused.row_amount,
        refused.effective_on,
        coalesce(answered.is_resolved, 0) = 1 or refused.is_replaced as is_resolved,
        coalesce(answered.is_resolved, 1) = 0 and not refused.is_replaced as has_earlier_version
    from {{ name }}_refused as refused
    left join {{ name }}_answered as answered
        on
            refused.batch = answered.batch
            and refused.record = answered.record
            and refused.content_hash = answered.content_hash
)
{%- endmacro %}
