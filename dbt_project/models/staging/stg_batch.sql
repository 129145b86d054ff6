{{ config(materialized='table') }}

with later_deliveries as (
    select
        source,
        batch,
        min(n_later) as n_later
    from {{ ref('stg_delivery') }}
    group by source, batch
)

select
    ledger.source,
    ledger.batch,
    ledger.entity,
    ledger.file_sha256,
    ledger.file_on,
    ledger.landed_on,
    ledger.delivery,
    ledger.line_lists,
    coalesce(ledger.row_keys = 'generated', false) as has_generated_keys,
    ledger.ambiguous_times,
    ledger.may_be_cut_off,
    ledger.lookup_missing,
    ledger.lookup_differs,
    cast(coalesce(later_deliveries.n_later, 0) as bigint) as n_later
from {{ landed('ledger') }} as ledger
left join later_deliveries
    on ledger.source = later_deliveries.source and ledger.batch = later_deliveries.batch
