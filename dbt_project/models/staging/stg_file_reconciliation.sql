{#-
An incremental build computes the batches whose outcome can have changed: new ones, those with another number of later
deliveries, and those that share a key with one of them. Their numbers of later deliveries are recorded here, and not
in the plan, so that a build that was stopped is made up for. If a batch is gone, staging is built in full.
-#}
{{ config(materialized='incremental', unique_key=['batch', 'entity']) }}

with deliveries as (
    select
        batch,
        sum(n_later) as n_later_deliveries
    from {{ ref('stg_delivery') }}
    group by batch
),

ledger as (
    select
        landed.source,
        landed.batch,
        landed.entity,
        landed.file_name,
        landed.file_on,
        landed.landed_rows,
        coalesce(deliveries.n_later_deliveries, 0) as n_later_deliveries
    from {{ landed('ledger') }} as landed
    left join deliveries on landed.batch = deliveries.batch
    where landed.landed_rows > 0
),
{%- if is_incremental() %}

changed as (
    select ledger.batch
    from ledger
    left join {{ this }} as recorded
        on
            ledger.batch = recorded.batch
            and ledger.entity = recorded.entity
            and ledger.landed_rows = recorded.landed_rows
            and ledger.n_later_deliveries = recorded.n_later_deliveries
    where recorded.batch is null
),
{%- endif %}
{%- for name in entities() %}
{%- set affected = 'select batch from ' ~ name ~ '_affected' %}
{%- if is_incremental() %}

{{ name }}_affected as (
    {{ batches_that_share_keys(name, 'select batch from changed') }}
    union
    select batch from changed
),
{%- endif %}

{{ ranked_versions(
    name,
    keys_of_batches(name, affected) if is_incremental() else keys_with_versions(name)
) }},

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
    {{ placed_versions(
        name,
        ['checked.batch', (row_value(name) if name in money_entities() else 'cast(null as decimal(18, 2))') ~ ' as amount'],
        'checked.batch in (' ~ affected ~ ')' if is_incremental() else '1 = 1'
    ) }}
),

{{ name }}_counted as (
    select
        batch,
        sum(case when is_accepted then 1 else 0 end) as readable_rows,
        sum(case when is_accepted and not is_replaced then 1 else 0 end) as kept_rows,
        sum(case when is_accepted then 0 else 1 end) as quarantined_rows,
        sum(amount) as read_amount,
        count(amount) as n_read
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
        lost.undated_amount,
        counted.read_amount,
        counted.n_read
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
    cast(staged.undated_amount as decimal(18, 2)) as undated_amount,
    cast(staged.read_amount as decimal(28, 2)) as read_amount,
    cast(coalesce(staged.n_read, 0) as bigint) as n_read,
    cast(coalesce(ledger.n_later_deliveries, 0) as bigint) as n_later_deliveries
from ledger
full outer join staged
    on ledger.batch = staged.batch and ledger.entity = staged.entity
{%- if is_incremental() %}
where staged.batch is not null or ledger.batch in (select batch from changed)
{%- endif %}
