-- depends_on: {{ ref('int_customer_identity_before') }}
with members as (
    select
        components.component,
        refs.own_key,
        {{ member_rank('components.component', 'refs') }} as member_rank
    from {{ source('exchange', 'identity_components') }} as components
    inner join {{ ref('int_identity_reference') }} as refs on components.node = refs.own_key
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
from {{ ref('int_identity_reference') }} as refs
left join persons on refs.own_key = persons.own_key
