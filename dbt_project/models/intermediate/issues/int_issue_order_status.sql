{#- A source has few statuses. If free text was mapped, the most frequent ones are listed and the rest is counted. -#}
{%- set listed = 20 -%}
with headers as (
    select
        source,
        order_id,
        status_class,
        has_header
    from {{ ref('int_order_header') }}
),

orders as (
    select
        orders.source,
        'orders' as entity,
        orders.status,
        orders.status_class,
        orders.net_amount
    from {{ ref('int_order') }} as orders
    inner join headers
        on orders.source = headers.source and orders.order_id = headers.order_id
    where
        headers.has_header
        and orders.status_class in ('unknown', 'pending')
        and not orders.is_cancelled
        and not orders.is_test
),

lines as (
    -- where the order itself is listed, its lines are not
    select
        lines.source,
        'order_lines' as entity,
        lines.status,
        lines.status_class,
        lines.net_amount
    from {{ ref('int_order_line') }} as lines
    left join headers
        on lines.source = headers.source and lines.order_id = headers.order_id
    where
        lines.status_class in ('unknown', 'pending')
        and not coalesce(headers.has_header and headers.status_class = lines.status_class, false)
),

counted as (
    select
        case when status_class = 'unknown' then 'unknown_status' else 'pending_orders' end as issue,
        source,
        entity,
        status,
        count(*) as n_rows,
        sum(net_amount) as amount
    from (
        select * from orders
        union all
        select * from lines
    ) as rows_found
    group by status_class, source, entity, status
),

ranked as (
    select
        *,
        row_number() over (partition by issue, source, entity order by n_rows desc, status asc) as status_rank
    from counted
)

select
    issue,
    source,
    entity,
    case when status_rank <= {{ listed }} then status end as detail,
    sum(n_rows) as n_rows,
    cast(sum(amount) as decimal(18, 2)) as amount,
    false as is_amount_estimated
from ranked
group by issue, source, entity, case when status_rank <= {{ listed }} then status end
