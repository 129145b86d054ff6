{% call changed_keys('int_changed_customer_ref') -%}
with touched as (
    {{ touched_keys('customers') }}
),

person_before as (
    {{ as_of_rows(
        'customers',
        versions_before('customers'),
        this_build('previous_as_of'),
        where='(source, customer_ref) in (select source, customer_ref from touched)'
    ) }}
),

person_now as (
    select source, customer_ref, person_ref from {{ ref('int_customers_as_of') }}
),

changed_edges as (
    select
        touched.source,
        touched.customer_ref,
        person_before.person_ref as person_ref_before,
        person_now.person_ref as person_ref_now
    from touched
    left join person_before
        on touched.source = person_before.source and touched.customer_ref = person_before.customer_ref
    left join person_now
        on touched.source = person_now.source and touched.customer_ref = person_now.customer_ref
    where
        coalesce(person_before.person_ref, touched.customer_ref)
        <> coalesce(person_now.person_ref, touched.customer_ref)
),

-- every person that any version names: all versions are kept
redelivered as (
    select
        source,
        customer_ref,
        person_ref
    from {{ ref('stg_customers') }}
    where (source, customer_ref) in (
        select source, customer_ref from ({{ redelivered_keys('customers') }}) as redelivered
    )
),

ends as (
    select source, customer_ref as ref from changed_edges
    union
    select source, person_ref_before as ref from changed_edges where person_ref_before is not null
    union
    select source, person_ref_now as ref from changed_edges where person_ref_now is not null
    union
    select source, customer_ref as ref from redelivered
    union
    select source, person_ref as ref from redelivered where person_ref is not null
),

-- If an edge was removed, each remaining part of the person contains an end of a removed edge: look up today's components.
linked as (
    select distinct others.node
    from ends
    inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
        on ends.source = pseudonyms.source and ends.ref = pseudonyms.ref
    inner join {{ ref('int_identity_component') }} as members
        on pseudonyms.customer_key = members.node
    inner join {{ ref('int_identity_component') }} as others
        on members.component = others.component
)

select source, ref as customer_ref from ends
union
select pseudonyms.source, pseudonyms.ref as customer_ref
from linked
inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
    on linked.node = pseudonyms.customer_key
{%- endcall %}
