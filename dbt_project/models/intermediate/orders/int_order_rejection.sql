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
from {{ ref('int_rejected_row') }}
where entity = 'order_lines' and order_id is not null
group by source, order_id
