{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_return', ['source', 'return_id']) }}"
) }}

with returns as (
    select * from {{ ref('int_returns_as_of') }}
    where {{ is_changed(ref('int_changed_return'), ['source', 'return_id']) }}
),

placed as (
    select
        returns.*,
        orders.order_id is not null as has_order,
        coalesce(identity.customer_key, orders.customer_key) as customer_key,
        coalesce(returns.currency, lines.currency, orders.currency, '{{ var("currency") }}') as return_currency,
        -- what has no amount cannot be lowered
        coalesce(orders.is_test or orders.is_cancelled or orders.issue = 'lines_rejected', false) as is_of_no_sale
    from returns
    left join {{ ref('int_order') }} as orders
        on returns.source = orders.source and returns.order_id = orders.order_id
    left join {{ ref('int_order_line') }} as lines
        on
            returns.source = lines.source
            and returns.order_id = lines.order_id
            and returns.line_id = lines.line_id
    left join {{ ref('int_customer_identity') }} as identity
        on returns.source = identity.source and returns.customer_ref = identity.customer_ref
),

rated as (
    select
        placed.*,
        {{ rate_of('placed.return_currency', 'rates.fx_rate') }} as fx_rate
    from placed
    left join {{ ref('int_fx_rate_day') }} as rates
        on placed.return_currency = rates.currency and placed.event_on = rates.rate_on
)

select
    source,
    return_id,
    case when has_order then order_id end as order_id,
    customer_key,
    returned_at,
    event_on as returned_on,
    kind,
    fault,
    quantity,
    return_currency as currency,
    {{ multiply('amount', 'fx_rate') }} as return_amount,
    case
        when fx_rate is null then 'missing_rate'
        when amount is null then 'missing_amount'
        when is_of_no_sale then 'order_not_counted'
    end as issue
from rated
