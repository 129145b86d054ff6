with members as (
    select
        components.component,
        edges.source
    from {{ ref('int_identity_component') }} as components
    left join {{ ref('int_identity_edge') }} as edges on components.node = edges.alias_key
),

-- Every record of such a component names another one: the chain never ends at a person.
cycles as (
    select component
    from members
    group by component
    having count(*) = count(source)
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
