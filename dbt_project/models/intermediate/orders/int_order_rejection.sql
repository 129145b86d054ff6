{#- A cancelled line has no value, even if it was rejected. -#}
{%- set classes = ['sale', 'unknown', 'pending'] -%}
with lines as (
    select
        rejected_rows.*,
        {{ status_class('rejected_rows.status', 'statuses.status_class') }} as status_class,
        -- an amount of 0, and no earlier version of the line counts instead
        coalesce(rejected_rows.row_amount = 0, false) and counting.order_id is null as is_worthless
    from {{ ref('int_rejected_row') }} as rejected_rows
    left join {{ ref('int_order_status') }} as statuses
        on rejected_rows.source = statuses.source and rejected_rows.status = statuses.status
    left join {{ ref('int_order_lines_as_of') }} as counting
        on
            rejected_rows.source = counting.source
            and rejected_rows.key_1 = counting.order_id
            and rejected_rows.key_2 = counting.line_id
    where rejected_rows.entity = 'order_lines' and rejected_rows.order_id is not null
),

ranked as (
    select
        *,
        min({{ status_rank('status_class') }}) over (partition by source, order_id) as class_rank
    from lines
)

select
    source,
    order_id,
    {%- for class in classes %}
    sum(case when status_class = '{{ class }}' and not is_worthless then 1 else 0 end) as n_{{ class }}_lines,
    {%- endfor %}
    class_rank,
    {{ class_of_rank('class_rank') }} as status_class,
    {{ status_of_lines() }} as status,
    min(event_at) as ordered_at,
    min(event_on) as ordered_on,
    {%- for column in ['customer_ref', 'channel', 'store_id', 'currency'] %}
    case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
    {%- endfor %}
    count(distinct customer_ref) > 1 as has_mixed_customers
from ranked
group by source, order_id, class_rank
