{{ config(materialized='view') }}

with headers as (
    select
        orders.*,
        {{ status_class('orders.status', 'statuses.status_class') }} as status_class
    from {{ ref('int_orders_as_of') }} as orders
    left join {{ ref('int_order_status') }} as statuses
        on orders.source = statuses.source and orders.status = statuses.status
    where {{ is_changed('int_changed_order', 'orders') }}
),

rejections as (
    select * from {{ ref('int_order_rejection') }}
    where {{ is_changed('int_changed_order') }}
),

-- orders of which a newer version was rejected
outdated as (
    select distinct
        source,
        key_1 as order_id
    from {{ ref('int_rejected_row') }}
    where entity = 'orders' and key_1 is not null
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
    from {{ ref('int_order_of_lines') }}
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
