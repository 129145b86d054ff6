{{ config(materialized='table') }}

with {{ listed_rows() }},

{{ lists_in_force() }},

{{ unlisted_rows() }}

select
    source,
    batch,
    record,
    content_hash
from unlisted
