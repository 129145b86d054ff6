with members as (
    select
        components.person_ref_component as component,
        named.source,
        named.node
    from {{ source('exchange', 'identity_components') }} as components
    left join {{ ref('int_identity_edge') }} as named
        on components.node = named.node and named.kind = 'person_ref'
),

-- In a cycle every record refers to another record, so that no record is the person.
cycles as (
    select component
    from members
    group by component
    having count(*) = count(node)
),

cyclic as (
    select
        'person_ref_cycle' as issue,
        members.source,
        cast(null as string) as detail,
        count(*) as n_rows
    from members
    inner join cycles on members.component = cycles.component
    group by members.source
),

blocked as (
    select
        'identifier_blocked' as issue,
        contacts.source,
        contacts.kind as detail,
        count(distinct contacts.customer_ref) as n_rows
    from {{ ref('int_identity_contact') }} as contacts
    inner join {{ source('exchange', 'identity_blocked') }} as blocked
        on contacts.kind = blocked.kind and contacts.identifier = blocked.identifier
    where contacts.valid_to is null
    group by contacts.source, contacts.kind
),

unusable as (
    select
        'contact_unusable' as issue,
        contacts.source,
        contacts.kind as detail,
        count(distinct contacts.value) as n_rows
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ source('exchange', 'identifiers') }} as identifiers
        on contacts.kind = identifiers.kind and contacts.value = identifiers.value
    where identifiers.identifier is null and coalesce(contacts.known_on <= {{ as_of_date() }}, true)
    group by contacts.source, contacts.kind
),

-- If a source has no record by the as-of day, its earliest later records count. So a source has data as soon as one of
-- its files is landed.
sources as (
    select distinct source
    from {{ ref('stg_batch') }}
),

of_unknown_sources as (
    select
        'person_source_unknown' as issue,
        named.source,
        cast(null as string) as detail,
        count(*) as n_rows
    from {{ ref('int_identity_person_ref') }} as named
    left join sources on named.person_source = sources.source
    where sources.source is null
    group by named.source
),

found as (
    select * from cyclic
    union all
    select * from blocked
    union all
    select * from unusable
    union all
    select * from of_unknown_sources
)

select
    issue,
    source,
    'customers' as entity,
    detail,
    n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from found
