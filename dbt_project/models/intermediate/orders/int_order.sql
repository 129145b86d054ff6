{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

with headers as (
    select * from {{ ref('int_order_header') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

amounts as (
    select * from {{ ref('int_order_amount') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

judged as (
    select
        headers.source,
        headers.order_id,
        headers.customer_ref,
        identities.customer_key,
        headers.ordered_at,
        headers.ordered_on,
        headers.status,
        headers.status_class,
        headers.channel,
        headers.store_id,
        headers.coupon_code,
        amounts.currency,
        amounts.fx_rate,
        amounts.gross_amount,
        amounts.discount_amount,
        amounts.net_amount,
        amounts.tax_amount,
        amounts.shipping_amount,
        amounts.total_amount,
        amounts.is_sum_of_lines,
        amounts.n_lines,
        amounts.quantity,
        amounts.paid_at,
        headers.promised_at,
        headers.delivered_at,
        headers.cancelled_at,
        {{ business_date('headers.delivered_at') }} > {{ business_date('headers.promised_at') }} as is_late,
        coalesce(headers.is_test, false) or headers.status_class = 'test' as is_test,
        headers.cancelled_at is not null or headers.status_class = 'cancelled' as is_cancelled,
        headers.n_rejected_lines > 0 as is_incomplete,
        coalesce(headers.is_outdated, false) as is_outdated,
        -- an order that lacks lines still counts, one of several customers or of an unknown status does not
        case
            when amounts.issue is not null and amounts.issue <> 'lines_rejected' then amounts.issue
            when headers.has_mixed_customers then 'mixed_customers'
            when
                headers.status_class = 'unknown'
                and headers.cancelled_at is null
                and not coalesce(headers.is_test, false)
                then 'unknown_status'
            else amounts.issue
        end as issue
    from headers
    inner join amounts
        on headers.source = amounts.source and headers.order_id = amounts.order_id
    left join identities
        on headers.source = identities.source and headers.customer_ref = identities.customer_ref
),

sold as (
    select
        *,
        status_class = 'sale' and not is_test and not is_cancelled as is_sale
    from judged
),

-- what counts in money, whoever bought it
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
    issue
from counted
