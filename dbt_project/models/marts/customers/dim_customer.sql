{{ config(materialized='view') }}

select
    customer_key,
    account_key,
    n_sources,
    first_seen_on,
    signed_up_on,
    country,
    region,
    segment,
    gender,
    birth_year,
    acquisition_channel,
    consent_email,
    consent_sms,
    consent_phone,
    is_employee,
    first_purchase_on,
    last_purchase_on
from {{ ref('int_customer') }}
