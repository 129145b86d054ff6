with orders as (
    select
        source,
        order_id
    from {{ ref('int_order') }}
),

sources as (
    select distinct source
    from {{ ref('stg_batch') }}
    where coalesce(file_on <= {{ as_of_date() }}, true)
),

linked as (
    {%- for entity in ['survey_answers', 'cases', 'campaign_touches', 'loyalty_events'] %}
    select
        source,
        '{{ entity }}' as entity,
        order_source,
        order_id
    from {{ ref('int_' ~ entity ~ '_as_of') }}
    where order_id is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- the detail names the column to check: order_source if the named source has no data by the as-of day
unknown as (
    select
        linked.source,
        linked.entity,
        case when linked.order_source is not null and sources.source is null then 'order_source' end as detail
    from linked
    left join orders
        on coalesce(linked.order_source, linked.source) = orders.source and linked.order_id = orders.order_id
    left join sources
        on linked.order_source = sources.source
    where orders.order_id is null
)

select
    'linked_order_unknown' as issue,
    source,
    entity,
    detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from unknown
group by source, entity, detail
