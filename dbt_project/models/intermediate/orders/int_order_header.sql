{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

with headers as (
    select
        orders.*,
        {{ status_class('orders.status', 'statuses.status_class') }} as status_class
    from {{ ref('int_orders_as_of') }} as orders
    left join {{ ref('int_order_status') }} as statuses
        on orders.source = statuses.source and orders.status = statuses.status
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id'], 'orders') }}
),

lines as (
    -- of orders that have no header
    select
        lines.*,
        {{ status_class('lines.status', 'statuses.status_class') }} as status_class
    from {{ ref('int_order_lines_as_of') }} as lines
    left join {{ ref('int_order_status') }} as statuses
        on lines.source = statuses.source and lines.status = statuses.status
    where
        lines.ordered_at is not null
        and {{ is_changed(ref('int_changed_order'), ['source', 'order_id'], 'lines') }}
        and not exists (
            select 1 from headers
            where headers.source = lines.source and headers.order_id = lines.order_id
        )
),

ranked as (
    select
        *,
        min({{ status_rank('status_class') }}) over (partition by source, order_id) as class_rank
    from lines
),

classed as (
    -- the statuses of the lines that decide their order's class
    select
        *,
        {{ class_of_rank('class_rank') }} as order_class,
        case when {{ status_rank('status_class') }} = class_rank then coalesce(status, '') end as deciding_status
    from ranked
),

grouped as (
    -- what the lines agree on holds for the order
    select
        source,
        order_id,
        order_class as status_class,
        min(ordered_at) as ordered_at,
        min(event_on) as ordered_on,
        case
            when count(status) > 0 and min(deciding_status) = max(deciding_status) and min(deciding_status) <> ''
                then min(deciding_status)
            when count(status) > 0 then order_class
        end as status,
        {%- for column in ['customer_ref', 'channel', 'store_id', 'currency'] %}
        case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
        {%- endfor %}
        count(distinct customer_ref) > 1 as has_mixed_customers
    from classed
    group by source, order_id, order_class
)

select
    source,
    order_id,
    customer_ref,
    ordered_at,
    event_on as ordered_on,
    paid_at,
    cancelled_at,
    promised_at,
    delivered_at,
    status,
    status_class,
    channel,
    store_id,
    currency,
    gross,
    discount,
    tax,
    shipping,
    total,
    coupon_code,
    is_test,
    true as has_header,
    false as has_mixed_customers
from headers
union all
select
    source,
    order_id,
    customer_ref,
    ordered_at,
    ordered_on,
    cast(null as timestamp) as paid_at,
    cast(null as timestamp) as cancelled_at,
    cast(null as timestamp) as promised_at,
    cast(null as timestamp) as delivered_at,
    status,
    status_class,
    channel,
    store_id,
    currency,
    cast(null as decimal(18, 2)) as gross,
    cast(null as decimal(18, 2)) as discount,
    cast(null as decimal(18, 2)) as tax,
    cast(null as decimal(18, 2)) as shipping,
    cast(null as decimal(18, 2)) as total,
    cast(null as string) as coupon_code,
    cast(null as boolean) as is_test,
    false as has_header,
    has_mixed_customers
from grouped
