-- a cancelled line is worth nothing, whether or not it can be read
with lines as (
    select rejected_rows.*
    from {{ ref('int_rejected_row') }} as rejected_rows
    left join {{ ref('int_order_status') }} as statuses
        on rejected_rows.source = statuses.source and rejected_rows.status = statuses.status
    where
        rejected_rows.entity = 'order_lines'
        and rejected_rows.order_id is not null
        and coalesce(statuses.status_class, 'sale') not in ('cancelled', 'test')
)

select
    source,
    order_id,
    count(*) as n_rejected_lines,
    min(event_at) as ordered_at,
    min(event_on) as ordered_on,
    {%- for column in ['customer_ref', 'status', 'channel', 'store_id', 'currency'] %}
    case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
    {%- endfor %}
    count(distinct customer_ref) > 1 as has_mixed_customers
from lines
group by source, order_id
