with sightings as (
    select * from {{ ref('int_customer_sighting') }}
),

summaries as (
    select
        customer_key,
        first_purchase_on,
        last_purchase_on
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }}
),

seen as (
    select
        customer_key,
        count(distinct source) as n_sources,
        min(seen_on) as first_seen_on
    from sightings
    group by customer_key
),

records as (
    select
        identity.customer_key,
        customers.*,
        row_number() over (
            partition by identity.customer_key
            order by
                {{ survivorship_rank('customers.source') }},
                customers.updated_at desc nulls last,
                customers.file_on desc nulls last,
                customers.source asc,
                customers.customer_ref asc
        ) as record_rank,
        min(customers.event_on) over (partition by identity.customer_key) as signed_up_on
    from {{ ref('int_customers_as_of') }} as customers
    inner join {{ ref('int_customer_identity') }} as identity
        on customers.source = identity.source and customers.customer_ref = identity.customer_ref
)

select
    seen.customer_key,
    accounts.account_key,
    cast(seen.n_sources as integer) as n_sources,
    seen.first_seen_on,
    records.signed_up_on,
    records.country,
    records.region,
    records.segment,
    records.gender,
    cast(extract(year from records.birth_date) as integer) as birth_year,
    cast(extract(month from records.birth_date) as integer) as birth_month,
    records.acquisition_channel,
    records.consent_email,
    records.consent_sms,
    records.consent_phone,
    records.is_employee,
    summaries.first_purchase_on,
    summaries.last_purchase_on
from seen
left join records
    on seen.customer_key = records.customer_key and records.record_rank = 1
left join summaries
    on seen.customer_key = summaries.customer_key
left join {{ ref('int_customer_account') }} as accounts
    on seen.customer_key = accounts.customer_key and accounts.rank_of_customer = 1
