with orders as (
    select
        source,
        order_id
    from {{ ref('int_order') }}
),

linked as (
    {%- for entity in ['survey_answers', 'cases', 'campaign_touches', 'loyalty_events'] %}
    select
        source,
        '{{ entity }}' as entity,
        order_id
    from {{ ref('int_' ~ entity ~ '_as_of') }}
    where order_id is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    'linked_order_unknown' as issue,
    linked.source,
    linked.entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from linked
left join orders
    on linked.source = orders.source and linked.order_id = orders.order_id
where orders.order_id is null
group by linked.source, linked.entity
