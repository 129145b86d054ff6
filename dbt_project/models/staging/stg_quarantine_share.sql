{{ config(materialized='table') }}

{#- Of a file that was delivered again, only what is still open has arrived: the rest is in the later delivery. -#}
with ages as (
    select
        batch,
        max(n_later) as n_later
    from {{ ref('stg_batch') }}
    group by batch
),

arrived as (
    select
        source,
        batch,
        entity,
        file_name,
        file_on,
        landed_rows as arrived_rows
    from {{ landed('ledger') }}
    where landed_rows > 0
    union all
    select distinct
        source,
        batch,
        'unreadable' as entity,
        file_name,
        file_on,
        records as arrived_rows
    from {{ landed('ledger') }}
    where records > 0
),

quarantined as (
    select
        batch,
        entity,
        count(*) as quarantined_rows,
        sum(case when is_resolved then 0 else 1 end) as open_rows
    from {{ ref('stg_quarantine') }}
    group by batch, entity
)

select
    arrived.source,
    arrived.batch,
    arrived.entity,
    arrived.file_name,
    arrived.file_on,
    cast(
        case when ages.n_later > 0 then coalesce(quarantined.open_rows, 0) else arrived.arrived_rows end as bigint
    ) as arrived_rows,
    cast(coalesce(quarantined.quarantined_rows, 0) as bigint) as quarantined_rows,
    cast(coalesce(quarantined.open_rows, 0) as bigint) as open_rows
from arrived
left join ages on arrived.batch = ages.batch
left join quarantined on arrived.batch = quarantined.batch and arrived.entity = quarantined.entity
