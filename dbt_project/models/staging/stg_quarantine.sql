with
{%- for name in entities() %}

{{ name }} as (
    select
        source,
        '{{ name }}' as entity,
        row_key,
        broken_rules,
        file_name,
        file_on,
        line,
        batch,
        raw
    from {{ ref('stg_' ~ name ~ '__checked') }}
    where broken_rules <> ''
),
{%- endfor %}

unreadable as (
    select
        source,
        'unreadable' as entity,
        cast(null as string) as row_key,
        rule as broken_rules,
        file_name,
        file_on,
        line,
        batch,
        raw
    from {{ landed('unreadable') }}
),

files as (
    select distinct
        batch,
        file_sha256
    from {{ landed('ledger') }}
),

quarantined as (
    {% for name in entities() -%}
    select * from {{ name }}
    union all
    {% endfor -%}
    select * from unreadable
)

select
    quarantined.source,
    quarantined.entity,
    quarantined.row_key,
    quarantined.broken_rules,
    quarantined.file_name,
    files.file_sha256,
    quarantined.file_on,
    quarantined.line,
    quarantined.batch,
    quarantined.raw
from quarantined
inner join files on quarantined.batch = files.batch
