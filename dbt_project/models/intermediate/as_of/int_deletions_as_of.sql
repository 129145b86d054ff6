{{ config(materialized='view') }}

{#- All versions count, so this is not the version that as_of_rows chooses. -#}
select
    deletions.source,
    deletions.entity,
    deletions.record_id,
    max(deletions.deleted_at) as last_deleted_at,
    max(deletions.event_on) as last_deleted_on
from {{ ref('stg_deletions') }} as deletions
where
    deletions.event_on <= {{ as_of_date() }}
    and not {{ is_replaced('deletions', 'deletions', as_of_date()) }}
group by deletions.source, deletions.entity, deletions.record_id
