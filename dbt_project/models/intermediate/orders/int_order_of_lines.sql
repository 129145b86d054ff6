{{ config(materialized='view') }}

{%- set shared = ['customer_ref', 'channel', 'store_id', 'currency'] %}

with headers as (
    select
        source,
        order_id
    from {{ ref('int_orders_as_of') }}
    where {{ is_changed('int_changed_order') }}
),

rejections as (
    select * from {{ ref('int_order_rejection') }}
    where {{ is_changed('int_changed_order') }}
),

lines as (
    select
        lines.*,
        {{ status_class('lines.status', 'statuses.status_class') }} as status_class
    from {{ ref('int_order_lines_as_of') }} as lines
    left join {{ ref('int_order_status') }} as statuses
        on lines.source = statuses.source and lines.status = statuses.status
    where
        lines.ordered_at is not null
        and {{ is_changed('int_changed_order', 'lines') }}
        and not exists (
            select 1 from headers
            where headers.source = lines.source and headers.order_id = lines.order_id
        )
),

ranked as (
    -- a rejected line counts too: one line that is a sale makes the order a sale
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

grouped as (
    -- a value that all lines share is the order's value
    select
        source,
        order_id,
        {{ status_of_lines() }} as status,
        {{ class_of_rank('class_rank') }} as status_class,
        {%- for column in shared %}
        case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
        {%- endfor %}
        count(distinct customer_ref) > 1 as has_mixed_customers,
        min(ordered_at) as ordered_at,
        min(event_on) as ordered_on
    from ranked
    group by source, order_id, class_rank
),

-- all lines were rejected, but they state when the order was placed
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
)

{%- for relation in ['grouped', 'rejected_whole'] %}
select
    source,
    order_id,
    status,
    status_class,
    has_mixed_customers,
    ordered_at,
    ordered_on,
    {{ shared | join(',\n    ') }}
from {{ relation }}
{{- '\nunion all' if not loop.last }}
{%- endfor %}
