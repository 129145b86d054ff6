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
)

select
    'person_ref_cycle' as issue,
    members.source,
    'customers' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from members
inner join cycles on members.component = cycles.component
group by members.source
