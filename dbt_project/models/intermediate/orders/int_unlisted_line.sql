{#- As stg_replaced_line, for the lists that were known by the as-of day. -#}
with {{ listed_rows() }},

{{ lists_in_force("date '" ~ this_build('as_of') ~ "'") }},

{{ unlisted_rows() }}

select
    source,
    batch,
    record,
    content_hash
from unlisted
