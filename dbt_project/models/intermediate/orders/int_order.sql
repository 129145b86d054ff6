{{ config(materialized='incremental', meta={'changed_by': 'int_changed_order'}) }}

with orders as (
    select * from {{ ref('int_order_amount') }}
    where {{ is_changed('int_changed_order') }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

identified as (
    select
        orders.source,
        orders.order_id,
        orders.customer_ref,
        identities.customer_key,
        orders.ordered_at,
        orders.ordered_on,
        orders.status,
        orders.status_class,
        channels.channel,
        channels.touchpoint,
        orders.channel as source_channel,
        orders.store_id,
        orders.coupon_code,
        orders.currency,
        orders.fx_rate,
        orders.gross_amount,
        orders.discount_amount,
        orders.net_amount,
        orders.tax_amount,
        orders.shipping_amount,
        orders.total_amount,
        orders.is_sum_of_lines,
        orders.includes_uncounted_lines,
        orders.n_lines,
        orders.quantity,
        orders.paid_at,
        orders.promised_at,
        orders.delivered_at,
        orders.cancelled_at,
        {{ business_date('orders.delivered_at') }} > {{ business_date('orders.promised_at') }} as is_late,
        coalesce(orders.is_test, false) or orders.status_class = 'test' as is_test,
        orders.cancelled_at is not null or orders.status_class = 'cancelled' as is_cancelled,
        orders.n_rejected_lines > 0 as is_incomplete,
        coalesce(orders.is_outdated, false) as is_outdated,
        orders.has_header,
        -- an order with missing lines counts; an order of several customers or of an unknown status does not
        case
            when orders.issue is not null and orders.issue <> 'lines_rejected' then orders.issue
            when orders.has_mixed_customers then 'mixed_customers'
            when
                orders.status_class = 'unknown'
                and orders.cancelled_at is null
                and not coalesce(orders.is_test, false)
                then 'unknown_status'
            else orders.issue
        end as issue
    from orders
    left join identities
        on orders.source = identities.source and orders.customer_ref = identities.customer_ref
    left join {{ ref('int_channel') }} as channels
        on orders.source = channels.source and orders.channel = channels.spelling
),

sold as (
    select
        *,
        status_class = 'sale' and not is_test and not is_cancelled as is_sale
    from identified
),

-- whether the amount counts, with or without a customer
counted as (
    select
        *,
        is_sale and issue is null and coalesce(net_amount > 0, false) as is_counted
    from sold
)

select
    source,
    order_id,
    customer_ref,
    customer_key,
    ordered_at,
    ordered_on,
    status,
    status_class,
    channel,
    touchpoint,
    source_channel,
    store_id,
    coupon_code,
    currency,
    fx_rate,
    gross_amount,
    discount_amount,
    net_amount,
    tax_amount,
    shipping_amount,
    total_amount,
    is_sum_of_lines,
    includes_uncounted_lines,
    n_lines,
    quantity,
    paid_at,
    promised_at,
    delivered_at,
    cancelled_at,
    is_late,
    is_test,
    is_cancelled,
    is_counted,
    customer_key is not null
    and (is_counted or (is_sale and coalesce(issue = 'lines_rejected', false))) as is_purchase,
    is_incomplete,
    is_outdated,
    has_header,
    issue
from counted
