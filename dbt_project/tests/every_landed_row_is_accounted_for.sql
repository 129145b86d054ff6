-- No row is lost: per file and entity, landed = accepted + quarantined + superseded.
select
    source,
    batch,
    entity,
    file_name,
    landed_rows,
    accepted_rows,
    quarantined_rows,
    superseded_rows
from {{ ref('stg_file_reconciliation') }}
where landed_rows <> accepted_rows + quarantined_rows + superseded_rows or file_name is null
