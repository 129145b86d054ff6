{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

with headers as (
    select * from {{ ref('int_orders_as_of') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

lines as (
    select * from {{ ref('int_order_lines_as_of') }}
    where
        ordered_at is not null
        and {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

rejections as (
    select * from {{ ref('int_order_rejection') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

grouped as (
    -- sources that have lines only: what the lines agree on holds for the order
    select
        source,
        order_id,
        min(ordered_at) as ordered_at,
        min(event_on) as ordered_on,
        {%- for column in ['customer_ref', 'status', 'channel', 'store_id', 'currency'] %}
        case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
        {%- endfor %}
        count(distinct customer_ref) > 1 as has_mixed_customers
    from lines
    where not exists (
            select 1 from headers
            where headers.source = lines.source and headers.order_id = lines.order_id
        )
    group by source, order_id
),

-- an order of which every line was rejected was still placed, if the lines say when
rejected_whole as (
    select * from rejections
    where
        ordered_at is not null
        and not exists (
            select 1 from headers
            where headers.source = rejections.source and headers.order_id = rejections.order_id
        )
        and not exists (
            select 1 from grouped
            where grouped.source = rejections.source and grouped.order_id = rejections.order_id
        )
),

of_lines as (
    {%- set columns = 'ordered_at, ordered_on, customer_ref, status, channel, store_id, currency' %}
    select source, order_id, has_mixed_customers, {{ columns }} from grouped
    union all
    select source, order_id, has_mixed_customers, {{ columns }} from rejected_whole
),

placed as (
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
        has_mixed_customers
    from of_lines
)

select
    placed.*,
    coalesce(rejections.n_rejected_lines, 0) as n_rejected_lines
from placed
left join rejections
    on placed.source = rejections.source and placed.order_id = rejections.order_id
