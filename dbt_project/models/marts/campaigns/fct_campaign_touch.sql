{{ config(materialized='view') }}

select
    touch_key,
    source,
    touch_id,
    customer_key,
    order_key,
    campaign_id,
    campaign_kind,
    action,
    arm,
    coupon_code,
    touched_at,
    touched_on,
    cost_amount,
    source_currency,
    issue
from {{ ref('int_campaign_touch') }}
