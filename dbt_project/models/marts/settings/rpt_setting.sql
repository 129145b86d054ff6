select
    {{ as_of_date() }} as as_of_on,
    setting,
    value,
    default_value,
    unit,
    source,
    meaning,
    default_reason
from {{ source('exchange', 'settings') }}
