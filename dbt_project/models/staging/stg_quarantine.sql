{{ config(materialized='table') }}

with rejected as (
    {% for name in entities() -%}
    {{ quarantined_rows(name) }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
),

batches as (
    select * from {{ ref('stg_batch') }}
),

later_deliveries as (
    select
        batch,
        max(n_later) as n_later
    from batches
    group by batch
),

-- keys that are missing from a later delivery of the file, so that it does not replace them
kept as (
    select
        entity,
        batch,
        key_1,
        key_2
    from {{ ref('stg_redelivered_row') }}
    where outcome in ('kept', 'appended') and not is_accepted
),

replaced_lines as (
    select * from {{ ref('stg_replaced_line') }}
),

answers as (
    select * from {{ ref('stg_quarantine_answer') }}
),

placed as (
    select
        rejected.*,
        batches.file_sha256,
        coalesce(answers.is_resolved, 0) = 1 as is_answered,
        answers.is_resolved is not null as has_accepted_key,
        (batches.n_later > 0 and (kept.batch is null or batches.has_generated_keys))
        or replaced_lines.batch is not null as is_replaced
    from rejected
    inner join batches
        on rejected.source = batches.source and rejected.batch = batches.batch and rejected.entity = batches.entity
    left join kept
        on
            rejected.entity = kept.entity
            and rejected.batch = kept.batch
            and rejected.key_1 = kept.key_1
            and rejected.key_2 = kept.key_2
    left join replaced_lines
        on
            rejected.entity = 'order_lines'
            and rejected.batch = replaced_lines.batch
            and rejected.record = replaced_lines.record
            and rejected.content_hash = replaced_lines.content_hash
    left join answers
        on
            rejected.entity = answers.entity
            and rejected.batch = answers.batch
            and rejected.record = answers.record
            and rejected.content_hash = answers.content_hash
)

select
    source,
    entity,
    row_key,
    broken_rules,
    file_name,
    file_sha256,
    file_on,
    part,
    line,
    record,
    content_hash,
    batch,
    raw,
    row_amount,
    effective_on,
    is_answered or is_replaced as is_resolved,
    has_accepted_key and not is_answered and not is_replaced as has_earlier_version
from placed
union all
select
    unreadable.source,
    'unreadable' as entity,
    cast(null as string) as row_key,
    unreadable.rule as broken_rules,
    unreadable.file_name,
    unreadable.file_sha256,
    unreadable.file_on,
    unreadable.part,
    unreadable.line,
    unreadable.record,
    cast(null as string) as content_hash,
    unreadable.batch,
    unreadable.raw,
    cast(null as decimal(18, 2)) as row_amount,
    unreadable.file_on as effective_on,
    coalesce(later_deliveries.n_later, 0) > 0 as is_resolved,
    false as has_earlier_version
from {{ landed('unreadable') }} as unreadable
left join later_deliveries on unreadable.batch = later_deliveries.batch
