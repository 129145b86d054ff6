-- depends_on: {{ ref('int_customer_identity_before') }}
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
        stated.source,
        stated.customer_ref,
        stated.known_on,
        pseudonyms.customer_key as own_key
    from (
        select source, ref as customer_ref, known_on from {{ ref('stg_customer_refs') }}
        union all
        select source, customer_ref, known_on from guests
    ) as stated
    inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
        on stated.source = pseudonyms.source and stated.customer_ref = pseudonyms.ref
),

members as (
    select
        components.component,
        refs.own_key,
        row_number() over (
            partition by components.component
            order by
                refs.known_on asc nulls first,
                refs.source,
                refs.own_key
        ) as member_rank
    from {{ source('exchange', 'identity_components') }} as components
    inner join refs on components.node = refs.own_key
),

persons as (
    select
        members.own_key,
        first_members.own_key as customer_key
    from members
    inner join members as first_members
        on members.component = first_members.component and first_members.member_rank = 1
)

select
    refs.source,
    refs.customer_ref,
    coalesce(persons.customer_key, refs.own_key) as customer_key
from refs
left join persons on refs.own_key = persons.own_key
