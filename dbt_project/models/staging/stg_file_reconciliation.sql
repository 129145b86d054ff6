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

{{ ranked_versions(name, keys_with_versions(name)) }},

{{ name }}_lost as (
    select
        batch,
        sum(case when is_accepted and not is_replaced and version_rank > 1 then 1 else 0 end) as lost_rows,
        sum(case when is_conflicting and batch = winner_batch then 1 else 0 end) as conflicting_rows,
        sum(case when is_conflicting and batch = winner_batch then amount end) as conflicting_amount,
        sum(case when is_conflicting and batch <> winner_batch then 1 else 0 end) as undated_rows,
        sum(case when is_conflicting and batch <> winner_batch then amount end) as undated_amount
    from {{ name }}_conflicts
    group by batch
),

{{ name }}_rows as (
    {{ placed_versions(name, ['checked.batch']) }}
),

{{ name }}_counted as (
    select
        batch,
        sum(case when is_accepted then 1 else 0 end) as readable_rows,
        sum(case when is_accepted and not is_replaced then 1 else 0 end) as kept_rows,
        sum(case when is_accepted then 0 else 1 end) as quarantined_rows
    from {{ name }}_rows
    group by batch
),

{{ name }} as (
    select
        counted.batch,
        '{{ name }}' as entity,
        counted.kept_rows - coalesce(lost.lost_rows, 0) as accepted_rows,
        counted.quarantined_rows,
        counted.readable_rows - counted.kept_rows + coalesce(lost.lost_rows, 0) as superseded_rows,
        lost.conflicting_rows,
        lost.conflicting_amount,
        lost.undated_rows,
        lost.undated_amount
    from {{ name }}_counted as counted
    left join {{ name }}_lost as lost on counted.batch = lost.batch
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
    cast(coalesce(staged.superseded_rows, 0) as bigint) as superseded_rows,
    cast(coalesce(staged.conflicting_rows, 0) as bigint) as conflicting_rows,
    cast(staged.conflicting_amount as decimal(18, 2)) as conflicting_amount,
    cast(coalesce(staged.undated_rows, 0) as bigint) as undated_rows,
    cast(staged.undated_amount as decimal(18, 2)) as undated_amount
from ledger
full outer join staged
    on ledger.batch = staged.batch and ledger.entity = staged.entity
