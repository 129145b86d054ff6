with linked as (
    select
        kind,
        identifier,
        count(distinct source) as n_sources
    from {{ ref('int_identity_contact') }}
    where valid_to is null
    group by kind, identifier
)

select
    blocked.kind,
    blocked.identifier,
    blocked.reason as block_reason,
    cast(blocked.n_refs as integer) as n_references,
    cast(coalesce(linked.n_sources, 0) as integer) as n_sources
from {{ source('exchange', 'identity_blocked') }} as blocked
left join linked on blocked.kind = linked.kind and blocked.identifier = linked.identifier
