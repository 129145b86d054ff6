with contacts as (
    select
        account_key,
        count(*) as n_contacts,
        count(distinct customer_key) as n_customers
    from {{ ref('int_customer_account') }}
    group by account_key
)

select
    latest.account_key,
    latest.source,
    cast(contacts.n_customers as integer) as n_customers,
    cast(contacts.n_contacts as integer) as n_contacts,
    latest.industry,
    latest.segment,
    latest.country,
    latest.region
from {{ ref('int_customer_account') }} as latest
inner join contacts on latest.account_key = contacts.account_key
where latest.rank_of_account = 1
