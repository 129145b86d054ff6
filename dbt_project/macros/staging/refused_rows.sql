{#- The rows of an entity that break a rule, in the same columns for every entity; a part of stg_quarantine. -#}
{% macro refused_rows(name) -%}
{%- set key = entity(name).key -%}
select
    checked.source,
    '{{ name }}' as entity,
    cast(checked.{{ key[0] }} as string) as key_1,
    {{ 'cast(checked.' ~ key[1] ~ ' as string)' if key | length > 1 else "''" }} as key_2,
    checked.row_key,
    checked.broken_rules,
    checked.file_name,
    checked.file_on,
    checked.effective_on,
    checked.record,
    checked.line,
    checked.batch,
    checked.content_hash,
    checked.raw,
    {{ row_value(name) }} as row_amount
from {{ ref('stg_' ~ name ~ '__checked') }} as checked
where checked.broken_rules <> ''
{%- endmacro %}

{#-
Of the refused rows of an entity whose key was ever accepted: whether they are resolved; a part of stg_quarantine_answer.

A refused row is resolved where staging has accepted a row of the same source and key that nothing shows to be older (macro
`resolves`). An `updated_at` that is itself refused as lying in the future says nothing. When rows landed plays no part, so
that the order of arrival does not matter. A key that is missing, cannot be cast, or was made by landing for this very file is
never met again: such a row stays open.
-#}
{% macro answered_rows(name) -%}
select
    '{{ name }}' as entity,
    refused.batch,
    refused.record,
    refused.content_hash,
    max(
        case
            when {{ resolves('accepted', 'refused', n_later='batches.n_later', updated_at='believed_at') }}
                then 1
            else 0
        end
    ) as is_resolved
from (
    select
        checked.*,
        case
            when not {{ in_the_future(business_date('checked.updated_at')) }} then checked.updated_at
        end as believed_at
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join files on checked.batch = files.batch
    where checked.broken_rules <> ''
) as refused
inner join {{ ref('stg_' ~ name) }} as accepted
    on
        refused.source = accepted.source
        {%- for column in entity(name).key %}
        and refused.{{ column }} = accepted.{{ column }}
        {%- endfor %}
inner join {{ ref('stg_batch') }} as batches
    on accepted.source = batches.source and accepted.batch = batches.batch and batches.entity = '{{ name }}'
group by refused.batch, refused.record, refused.content_hash
{%- endmacro %}
