with members as (
    select
        components.component,
        edges.source
    from {{ ref('int_identity_component') }} as components
    left join {{ ref('int_identity_edge') }} as edges on components.node = edges.alias_key
),

-- In a cycle every record refers to another record, so that no record is the person.
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
