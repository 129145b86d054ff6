with refs as (
    select
        source,
        ref as customer_ref
    from {{ ref('stg_customer_refs') }}
),

persons as (
    select
        refs.source,
        refs.customer_ref,
        coalesce(customers.person_ref, refs.customer_ref) as person_ref
    from refs
    left join {{ ref('int_customers_as_of') }} as customers
        on refs.source = customers.source and refs.customer_ref = customers.customer_ref
)

select
    persons.source,
    persons.customer_ref,
    pseudonyms.customer_key
from persons
inner join {{ source('exchange', 'pseudonyms') }} as pseudonyms
    on persons.source = pseudonyms.source and persons.person_ref = pseudonyms.ref
