{% call changed_keys(['source', 'customer_ref']) -%}
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
)

select
    touched.source,
    touched.customer_ref
from touched
left join person_before
    on touched.source = person_before.source and touched.customer_ref = person_before.customer_ref
left join person_now
    on touched.source = person_now.source and touched.customer_ref = person_now.customer_ref
where coalesce(person_before.person_ref, touched.customer_ref) <> coalesce(person_now.person_ref, touched.customer_ref)
union
select source, customer_ref from ({{ redelivered_keys('customers') }}) as redelivered
{%- endcall %}
