{{ config(materialized='view') }}

select
    loyalty_event_key,
    source,
    event_id,
    customer_key,
    order_key,
    occurred_at,
    occurred_on,
    kind,
    points,
    points_change,
    money_amount,
    expires_at,
    expires_on,
    tier,
    fee_amount,
    paid_until_on
from {{ ref('int_loyalty_event') }}
