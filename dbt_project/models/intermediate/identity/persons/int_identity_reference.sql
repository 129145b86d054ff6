with guests as (
    select
        contacts.source,
        guests.guest_ref as customer_ref,
        {{ earliest_known('contacts.known_on') }} as known_on
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ ref('int_guest') }} as guests on contacts.value = guests.email
    where contacts.kind = 'email' and contacts.ref is null
    group by contacts.source, guests.guest_ref
),

refs as (
    select
        source,
        ref as customer_ref,
        known_on
    from {{ ref('stg_customer_refs') }}
    union all
    select
        source,
        customer_ref,
        known_on
    from guests
)

select
    refs.source,
    refs.customer_ref,
    refs.known_on,
    pseudonyms.customer_key as own_key
from refs
inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
    on refs.source = pseudonyms.source and refs.customer_ref = pseudonyms.ref
