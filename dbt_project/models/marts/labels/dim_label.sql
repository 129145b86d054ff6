select
    code_set,
    code,
    language,
    label
from {{ ref('labels') }}
