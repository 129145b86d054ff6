{{ config(materialized='view') }}

select
    referral_key,
    source,
    referral_id,
    referrer_customer_key,
    referred_customer_key,
    referred_at,
    referred_on,
    is_self_referral
from {{ ref('int_referral') }}
