{#-
The rows of an entity that break a rule, and which of them are resolved; CTEs of stg_quarantine, which has `files` before them.

A refused row is resolved where staging has accepted a row of the same source and key that nothing shows to be older (macro
`resolves`). An `updated_at` that is itself refused as lying in the future says nothing. When rows landed plays no part, so
that the order of arrival does not matter.

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
        checked.record,
        checked.line,
        checked.batch,
        checked.content_hash,
        checked.raw,
        cast({{ row_value(name) }} as decimal(18, 2)) as row_amount,
        case
            when not {{ in_the_future(business_date('checked.updated_at')) }} then checked.updated_at
        end as believed_at
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join files on checked.batch = files.batch
    where checked.broken_rules <> ''
),

{{ name }}_resolved as (
    select distinct
        refused.batch,
        refused.record,
        refused.content_hash
    from {{ name }}_refused as refused
    inner join {{ ref('stg_' ~ name) }} as accepted
        on
            refused.source = accepted.source
            {%- for column in key %}
            and refused.{{ column }} = accepted.{{ column }}
            {%- endfor %}
    where
        {{ resolves('accepted', 'refused', updated_at='believed_at') }}
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
        resolved.batch is not null as is_resolved
    from {{ name }}_refused as refused
    left join {{ name }}_resolved as resolved
        on
            refused.batch = resolved.batch
            and refused.record = resolved.record
            and refused.content_hash = resolved.content_hash
)
{%- endmacro %}
