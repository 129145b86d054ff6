{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

with headers as (
    select * from {{ ref('int_order_header') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

lines as (
    select
        source,
        order_id,
        count(*) as n_lines,
        sum(quantity) as quantity,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(case when fx_rate is null then 1 else 0 end) as n_without_rate,
        sum(case when gross_amount is null then 1 else 0 end) as n_without_amount
    from {{ ref('int_order_line') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
    group by source, order_id
),

payments as (
    select
        source,
        order_id,
        max(paid_at) as paid_at,
        sum(amount) as paid,
        min(currency) as first_currency,
        max(currency) as last_currency
    from {{ ref('int_payments_as_of') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
    group by source, order_id
),

joined as (
    select
        headers.*,
        coalesce(headers.currency, '{{ var("currency") }}') as order_currency,
        identity.customer_key,
        coalesce(lines.n_lines, 0) as n_lines,
        lines.quantity,
        coalesce(headers.paid_at, payments.paid_at) as settled_at,
        case
            when
                coalesce(payments.first_currency, headers.currency, '') = coalesce(headers.currency, '')
                and coalesce(payments.last_currency, headers.currency, '') = coalesce(headers.currency, '')
                then payments.paid
        end as paid,
        case when lines.n_without_amount = 0 then lines.gross_amount end as lines_gross_amount,
        lines.discount_amount as lines_discount_amount,
        coalesce(lines.n_without_rate, 0) as n_lines_without_rate
    from headers
    left join lines
        on headers.source = lines.source and headers.order_id = lines.order_id
    left join payments
        on headers.source = payments.source and headers.order_id = payments.order_id
    left join {{ ref('int_customer_identity') }} as identity
        on headers.source = identity.source and headers.customer_ref = identity.customer_ref
),

rated as (
    select
        joined.*,
        {{ rate_of('joined.order_currency', 'rates.fx_rate') }} as fx_rate
    from joined
    left join {{ ref('int_fx_rate_day') }} as rates
        on joined.order_currency = rates.currency and joined.ordered_on = rates.rate_on
),

converted as (
    select
        *,
        {%- for column in ['gross', 'discount', 'tax', 'shipping', 'total', 'paid'] %}
        {{ multiply(column, 'fx_rate') }} as header_{{ column }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from rated
),

discounted as (
    select
        *,
        coalesce(header_discount_amount, case when gross is null or discount is null then lines_discount_amount end, 0)
            as discount_amount
    from converted
),

{#- What the order says of itself, else its total, else its lines, else what was paid. -#}
valued as (
    select
        *,
        case
            when gross is not null then header_gross_amount
            when total is not null then {{ gross_of_total('header_total_amount') }}
            when lines_gross_amount is not null then lines_gross_amount
            when n_lines = 0 then {{ gross_of_total('header_paid_amount') }}
        end as gross_amount
    from discounted
),

judged as (
    select
        *,
        cast(gross_amount - discount_amount as decimal(18, 2)) as net_amount,
        coalesce(is_test, false) as is_test_order,
        coalesce(status in ('cancelled', 'canceled'), false) or cancelled_at is not null as is_cancelled,
        case
            when fx_rate is null or (gross is null and total is null and n_lines_without_rate > 0) then 'missing_rate'
            when gross_amount is null then 'missing_amount'
            when has_mixed_customers then 'mixed_customers'
        end as issue
    from valued
)

select
    source,
    order_id,
    customer_ref,
    customer_key,
    ordered_at,
    ordered_on,
    status,
    channel,
    store_id,
    coupon_code,
    order_currency as currency,
    fx_rate,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    cast(case when gross_amount is not null then discount_amount end as decimal(18, 2)) as discount_amount,
    net_amount,
    header_tax_amount as tax_amount,
    header_shipping_amount as shipping_amount,
    cast(
        coalesce(
            header_total_amount,
            header_paid_amount,
            net_amount + coalesce(header_tax_amount, 0) + coalesce(header_shipping_amount, 0)
        ) as decimal(18, 2)
    ) as total_amount,
    cast(n_lines as integer) as n_lines,
    cast(quantity as decimal(18, 4)) as quantity,
    settled_at as paid_at,
    promised_at,
    delivered_at,
    cancelled_at,
    {{ business_date('delivered_at') }} > {{ business_date('promised_at') }} as is_late,
    is_test_order as is_test,
    is_cancelled,
    coalesce(
        customer_key is not null and not is_test_order and not is_cancelled and issue is null and net_amount > 0, false
    ) as is_purchase,
    issue
from judged
