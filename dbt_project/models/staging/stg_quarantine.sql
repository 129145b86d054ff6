with files as (
    select distinct
        batch,
        file_sha256,
        landed_on
    from {{ landed('ledger') }}
),

{% for name in entities() -%}
{{ refused_rows(name) }},

{% endfor -%}

unreadable as (
    select
        source,
        'unreadable' as entity,
        cast(null as string) as row_key,
        rule as broken_rules,
        file_name,
        file_sha256,
        file_on,
        line,
        batch,
        raw,
        cast(null as decimal(18, 2)) as row_amount,
        false as is_resolved
    from {{ landed('unreadable') }}
)

{% for name in entities() -%}
select * from {{ name }}
union all
{% endfor -%}
select * from unreadable
