{{ config(materialized='view') }}

with guests as (
    select
        guest_ref,
        min(email) as email
    from {{ ref('int_guest') }}
    group by guest_ref
),

-- what is known of a reference: its record, the e-mail of a guest, or nothing
refs as (
    select
        identity.customer_key,
        identity.source,
        identity.customer_ref,
        customers.name,
        coalesce(customers.email, guests.email) as email,
        customers.phone,
        customers.updated_at,
        customers.file_on,
        case
            when customers.customer_ref is not null then 0
            when guests.email is not null then 1
            else 2
        end as known_rank,
        {{ survivorship_rank('identity.source') }} as source_rank
    from {{ ref('int_customer_identity') }} as identity
    left join {{ ref('int_customers_as_of') }} as customers
        on identity.source = customers.source and identity.customer_ref = customers.customer_ref
    left join guests on identity.customer_ref = guests.guest_ref
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by
                known_rank asc,
                source_rank asc,
                updated_at desc nulls last,
                file_on desc nulls last,
                source asc,
                customer_ref asc
        ) as best_rank
    from refs
)

select
    customer_key,
    name,
    email,
    phone,
    source,
    customer_ref
from ranked
where best_rank = 1
