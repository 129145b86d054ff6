{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

select
    {{ hash_key(['source', 'order_id']) }} as order_key,
    source,
    order_id,
    customer_key,
    ordered_at,
    ordered_on,
    status,
    status_class,
    channel,
    store_id,
    coupon_code,
    currency as source_currency,
    fx_rate,
    gross_amount,
    discount_amount,
    net_amount,
    tax_amount,
    shipping_amount,
    total_amount,
    n_lines,
    quantity,
    paid_at,
    promised_at,
    delivered_at,
    cancelled_at,
    is_late,
    is_test,
    is_cancelled,
    is_purchase,
    is_incomplete,
    is_outdated,
    issue
from {{ ref('int_order') }}
where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
