with records as (
    select
        identity.customer_key,
        customers.source,
        customers.customer_ref,
        customers.account_ref,
        customers.updated_at,
        customers.file_on,
        customers.industry,
        customers.segment,
        customers.country,
        customers.region
    from {{ ref('int_customers_as_of') }} as customers
    inner join {{ ref('int_customer_identity') }} as identity
        on customers.source = identity.source and customers.customer_ref = identity.customer_ref
    where customers.account_ref is not null
)

select
    records.customer_key,
    accounts.account_key,
    records.source,
    records.customer_ref,
    records.industry,
    records.segment,
    records.country,
    records.region,
    row_number() over (
        partition by records.customer_key
        order by
            records.updated_at desc nulls last,
            records.file_on desc nulls last,
            records.source asc,
            records.customer_ref asc
    ) as rank_of_customer,
    row_number() over (
        partition by accounts.account_key
        order by
            records.updated_at desc nulls last,
            records.file_on desc nulls last,
            records.customer_ref asc
    ) as rank_of_account
from records
inner join {{ source('exchange', 'accounts') }} as accounts
    on records.source = accounts.source and records.account_ref = accounts.account_ref
