{{ config(materialized='table') }}

with deliveries as (
    select
        source,
        file_name,
        batch,
        max(sequence) as sequence
    from {{ landed('deliveries') }}
    group by source, file_name, batch
),

names as (
    select
        source,
        file_name,
        max(sequence) as last_sequence,
        count(*) as n_contents
    from deliveries
    group by source, file_name
)

select
    deliveries.source,
    deliveries.file_name,
    deliveries.batch,
    deliveries.sequence,
    names.last_sequence - deliveries.sequence as n_later,
    names.n_contents
from deliveries
inner join names
    on deliveries.source = names.source and deliveries.file_name = names.file_name
