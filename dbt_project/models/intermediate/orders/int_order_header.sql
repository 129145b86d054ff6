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

rejections as (
    select * from {{ ref('int_order_rejection') }}
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id']) }}
),

-- orders of which a newer version was rejected
outdated as (
    select distinct
        source,
        key_1 as order_id
    from {{ ref('int_rejected_row') }}
    where entity = 'orders' and key_1 is not null
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
    -- a rejected line that is sold makes a sale as well
    select
        lines.*,
        least(
            min({{ status_rank('lines.status_class') }}) over (partition by lines.source, lines.order_id),
            coalesce(rejections.class_rank, {{ status_rank("'test'") }})
        ) as class_rank
    from lines
    left join rejections
        on lines.source = rejections.source and lines.order_id = rejections.order_id
),

{%- set shared = 'ordered_at, ordered_on, customer_ref, channel, store_id, currency' %}

grouped as (
    -- what the lines agree on holds for the order
    select
        source,
        order_id,
        {{ class_of_rank('class_rank') }} as status_class,
        min(ordered_at) as ordered_at,
        min(event_on) as ordered_on,
        {{ status_of_lines() }} as status,
        {%- for column in ['customer_ref', 'channel', 'store_id', 'currency'] %}
        case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
        {%- endfor %}
        count(distinct customer_ref) > 1 as has_mixed_customers
    from ranked
    group by source, order_id, class_rank
),

-- an order of which every line was rejected was still placed, if the lines say when
rejected_whole as (
    select rejections.*
    from rejections
    where
        rejections.ordered_at is not null
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
    select source, order_id, status, status_class, has_mixed_customers, {{ shared }} from grouped
    union all
    select source, order_id, status, status_class, has_mixed_customers, {{ shared }} from rejected_whole
),

{%- set header_columns = {
    'paid_at': 'timestamp', 'cancelled_at': 'timestamp', 'promised_at': 'timestamp', 'delivered_at': 'timestamp',
    'gross': 'decimal(18, 2)', 'discount': 'decimal(18, 2)', 'tax': 'decimal(18, 2)', 'shipping': 'decimal(18, 2)',
    'total': 'decimal(18, 2)', 'coupon_code': 'string', 'is_test': 'boolean',
} %}

placed as (
    select
        source,
        order_id,
        customer_ref,
        ordered_at,
        event_on as ordered_on,
        status,
        status_class,
        channel,
        store_id,
        currency,
        {{ header_columns | join(',\n        ') }},
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
        status,
        status_class,
        channel,
        store_id,
        currency,
        {%- for column, type in header_columns.items() %}
        cast(null as {{ type }}) as {{ column }},
        {%- endfor %}
        false as has_header,
        has_mixed_customers
    from of_lines
)

select
    placed.*,
    placed.has_header and outdated.order_id is not null as is_outdated,
    coalesce(
        {%- for class in ['sale', 'unknown', 'pending'] %}
        case
            when {{ is_part_of_order("'" ~ class ~ "'", 'placed.status_class', 'placed.has_header') }}
                then rejections.n_{{ class }}_lines
            else 0
        end{{ ' +' if not loop.last }}
        {%- endfor %},
        0
    ) as n_rejected_lines
from placed
left join outdated
    on placed.source = outdated.source and placed.order_id = outdated.order_id
left join rejections
    on placed.source = rejections.source and placed.order_id = rejections.order_id
