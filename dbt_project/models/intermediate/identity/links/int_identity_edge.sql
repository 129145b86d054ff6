with person_refs as (
    select
        'person_ref' as kind,
        named.source,
        own.customer_key as node,
        other.customer_key as other_node,
        cast(null as date) as valid_from
    from {{ ref('int_identity_person_ref') }} as named
    inner join {{ source('exchange', 'pseudonyms') }} as own
        on named.source = own.source and named.customer_ref = own.ref
    inner join {{ source('exchange', 'pseudonyms') }} as other
        on named.person_source = other.source and named.person_ref = other.ref
),

contacts as (
    select
        contacts.kind,
        contacts.source,
        own.customer_key as node,
        contacts.identifier as other_node,
        contacts.valid_from
    from {{ ref('int_identity_contact') }} as contacts
    inner join {{ source('exchange', 'pseudonyms') }} as own
        on contacts.source = own.source and contacts.customer_ref = own.ref
    where contacts.valid_to is null
)

select * from person_refs
union all
select * from contacts
