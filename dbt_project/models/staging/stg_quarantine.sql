with files as (
    select distinct
        batch,
        file_sha256,
        landed_on
    from {{ landed('ledger') }}
),

kept as (
    select
        entity,
        batch,
        key_1,
        key_2
    from {{ ref('stg_redelivered_row') }}
    where outcome in ('kept', 'appended') and not is_accepted
),

ages as (
    select
        batch,
        max(n_later) as n_later
    from {{ ref('stg_batch') }}
    group by batch
),

{% for name in entities() -%}
{{ refused_rows(name) }},

{% endfor -%}

unreadable as (
    select
        unreadable_rows.source,
        'unreadable' as entity,
        cast(null as string) as row_key,
        unreadable_rows.rule as broken_rules,
        unreadable_rows.file_name,
        unreadable_rows.file_sha256,
        unreadable_rows.file_on,
        unreadable_rows.line,
        unreadable_rows.batch,
        unreadable_rows.raw,
        cast(null as decimal(18, 2)) as row_amount,
        unreadable_rows.file_on as effective_on,
        coalesce(ages.n_later, 0) > 0 as is_resolved,
        false as has_earlier_version
    from {{ landed('unreadable') }} as unreadable_rows
    left join ages on unreadable_rows.batch = ages.batch
)

{% for name in entities() -%}
select * from {{ name }}
union all
{% endfor -%}
select * from unreadable
