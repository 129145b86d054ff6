{{ config(materialized='table') }}

with ledger as (
    select
        source,
        batch,
        entity,
        file_name,
        file_on,
        landed_rows
    from {{ landed('ledger') }}
    where landed_rows > 0
),
{%- for name in entities() %}
{%- set key = ['source'] + entity(name).key %}

{{ name }}_ranked as (
    select
        batch,
        broken_rules,
        row_number() over (
            partition by broken_rules = '', {{ key | join(', ') }}
            order by {{ latest_first() }}
        ) as version_rank
    from {{ ref('stg_' ~ name ~ '__checked') }}
),

{{ name }} as (
    select
        batch,
        '{{ name }}' as entity,
        sum(case when broken_rules = '' and version_rank = 1 then 1 else 0 end) as accepted_rows,
        sum(case when broken_rules <> '' then 1 else 0 end) as quarantined_rows,
        sum(case when broken_rules = '' and version_rank > 1 then 1 else 0 end) as superseded_rows
    from {{ name }}_ranked
    group by batch
),
{%- endfor %}

staged as (
    {% for name in entities() -%}
    select * from {{ name }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
)

select
    coalesce(ledger.source, '') as source,
    coalesce(ledger.batch, staged.batch) as batch,
    coalesce(ledger.entity, staged.entity) as entity,
    ledger.file_name,
    ledger.file_on,
    cast(coalesce(ledger.landed_rows, 0) as bigint) as landed_rows,
    cast(coalesce(staged.accepted_rows, 0) as bigint) as accepted_rows,
    cast(coalesce(staged.quarantined_rows, 0) as bigint) as quarantined_rows,
    cast(coalesce(staged.superseded_rows, 0) as bigint) as superseded_rows
from ledger
full outer join staged
    on ledger.batch = staged.batch and ledger.entity = staged.entity
