with suitability as (
    select * from {{ source('exchange', 'model_suitability') }}
)

select
    {{ as_of_date() }} as as_of_on,
    model,
    scope,
    reason as suitability_reason,
    verdict,
    model_verdict,
    cast(figure as double) as figure,
    cast(flag_limit as double) as flag_limit,
    cast(refuse_limit as double) as refuse_limit,
    cast(n as bigint) as n
from suitability
