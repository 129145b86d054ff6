{{ config(schema='staging') }}

select distinct
    contacts.value as email,
    {{ guest_prefix() }} || identifiers.identifier as guest_ref
from {{ ref('stg_contacts') }} as contacts
inner join {{ source('exchange', 'identifiers') }} as identifiers
    on contacts.kind = identifiers.kind and contacts.value = identifiers.value
where
    contacts.kind = 'email'
    and contacts.ref is null
    and identifiers.identifier is not null
    and not identifiers.is_blocked
