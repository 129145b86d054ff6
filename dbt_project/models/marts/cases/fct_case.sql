{{ config(materialized='view') }}

select
    case_key,
    source,
    case_id,
    customer_key,
    order_key,
    product_key,
    product_id,
    opened_at,
    opened_on,
    first_response_at,
    closed_at,
    first_response_hours,
    resolution_hours,
    kind,
    priority,
    category,
    channel,
    touchpoint,
    source_channel,
    status,
    is_open,
    is_resolved,
    has_resolution,
    satisfaction_number,
    cost_amount
from {{ ref('int_case') }}
