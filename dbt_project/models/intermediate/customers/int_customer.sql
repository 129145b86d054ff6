{%- set stated = [
    'segment',
    'gender',
    'birth_date',
    'acquisition_channel',
    'consent_email',
    'consent_sms',
    'consent_phone',
    'is_employee',
] -%}
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
        ) as record_rank
    from {{ ref('int_customers_as_of') }} as customers
    inner join {{ ref('int_customer_identity') }} as identity
        on customers.source = identity.source and customers.customer_ref = identity.customer_ref
),

-- A newer record of a system that has no consents says nothing about them: each attribute is that of the first record
-- that states it. A region belongs to its country.
attributes as (
    select
        customer_key,
        {%- for column in stated %}
        min_by({{ column }}, record_rank) filter (where {{ column }} is not null) as {{ column }},
        {%- endfor %}
        -- Spark returns a NULL of the chosen record, DuckDB skips it: so there is none
        {%- for column in ['country', 'region'] %}
        nullif(
            min_by(coalesce({{ column }}, ''), record_rank) filter (where country is not null or region is not null), ''
        ) as {{ column }},
        {%- endfor %}
        min(event_on) as signed_up_on
    from records
    group by customer_key
)

select
    seen.customer_key,
    accounts.account_key,
    cast(seen.n_sources as integer) as n_sources,
    seen.first_seen_on,
    attributes.signed_up_on,
    attributes.country,
    attributes.region,
    attributes.segment,
    attributes.gender,
    cast(extract(year from attributes.birth_date) as integer) as birth_year,
    cast(extract(month from attributes.birth_date) as integer) as birth_month,
    attributes.acquisition_channel,
    attributes.consent_email,
    attributes.consent_sms,
    attributes.consent_phone,
    attributes.is_employee,
    summaries.first_purchase_on,
    summaries.last_purchase_on
from seen
left join attributes
    on seen.customer_key = attributes.customer_key
left join summaries
    on seen.customer_key = summaries.customer_key
left join {{ ref('int_customer_account') }} as accounts
    on seen.customer_key = accounts.customer_key and accounts.rank_of_customer = 1
