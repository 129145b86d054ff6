{#-
A source has few statuses. If free text was mapped as the status, the most frequent statuses are listed, and the others
are counted together.
-#}
{%- set listed = 20 -%}
with orders as (
    select
        source,
        'orders' as entity,
        status,
        status_class,
        net_amount
    from {{ ref('int_order') }}
    where has_header and status_class in ('unknown', 'pending') and not is_cancelled and not is_test
),

lines as (
    -- if the order itself is counted for this class, its lines are not
    select
        lines.source,
        'order_lines' as entity,
        lines.status,
        lines.status_class,
        lines.net_amount
    from {{ ref('int_order_line') }} as lines
    left join {{ ref('int_order') }} as orders
        on lines.source = orders.source and lines.order_id = orders.order_id
    where
        lines.status_class in ('unknown', 'pending')
        and not coalesce(orders.has_header and orders.status_class = lines.status_class, false)
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
