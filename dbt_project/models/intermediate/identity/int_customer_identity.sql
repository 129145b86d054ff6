with refs as (
    select
        refs.source,
        refs.ref as customer_ref,
        pseudonyms.customer_key as own_key
    from {{ ref('stg_customer_refs') }} as refs
    inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
        on refs.source = pseudonyms.source and refs.ref = pseudonyms.ref
),

aliases as (
    select distinct alias_key from {{ ref('int_identity_edge') }}
),

named_persons as (
    select distinct person_key from {{ ref('int_identity_edge') }}
),

members as (
    select
        components.component,
        refs.own_key,
        row_number() over (
            partition by components.component
            order by
                case when aliases.alias_key is null then 0 else 1 end,
                case when named_persons.person_key is null then 1 else 0 end,
                refs.source,
                refs.customer_ref
        ) as member_rank
    from {{ ref('int_identity_component') }} as components
    inner join refs on components.node = refs.own_key
    left join aliases on components.node = aliases.alias_key
    left join named_persons on components.node = named_persons.person_key
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
