-- The value of an unreadable record is unknown. The estimate is the mean of the source's order lines, or of its orders
-- if the file has no order lines.
with unreadable as (
    select
        source,
        batch,
        broken_rules,
        count(*) as n_rows
    from {{ ref('stg_quarantine') }}
    where
        entity = 'unreadable'
        and not is_resolved
        and coalesce(effective_on <= {{ as_of_date() }}, true)
    group by source, batch, broken_rules
),

kinds as (
    select
        batch,
        max(case when entity = 'order_lines' then 1 else 0 end) as has_lines,
        max(case when entity = 'orders' then 1 else 0 end) as has_orders
    from {{ ref('stg_batch') }}
    group by batch
),

line_means as (
    select
        source,
        {{ divide('sum(net_amount)', 'count(net_amount)', 2, 2) }} as mean_amount
    from {{ ref('int_order_line') }}
    where is_counted
    group by source
),

order_means as (
    select
        source,
        {{ divide('sum(net_amount)', 'count(net_amount)', 2, 2) }} as mean_amount
    from {{ ref('int_order') }}
    where is_counted
    group by source
),

valued as (
    select
        unreadable.source,
        unreadable.broken_rules,
        unreadable.n_rows,
        case
            -- a repeated header has no value
            when unreadable.broken_rules = 'LND-007' then 0
            when kinds.has_lines = 1 then {{ multiply('unreadable.n_rows', 'line_means.mean_amount', 2, 0, 2) }}
            when kinds.has_orders = 1 then {{ multiply('unreadable.n_rows', 'order_means.mean_amount', 2, 0, 2) }}
        end as amount
    from unreadable
    left join kinds on unreadable.batch = kinds.batch
    left join line_means on unreadable.source = line_means.source
    left join order_means on unreadable.source = order_means.source
)

select
    'records_unreadable' as issue,
    source,
    'unreadable' as entity,
    broken_rules as detail,
    sum(n_rows) as n_rows,
    cast(sum(amount) as decimal(18, 2)) as amount,
    sum(amount) is not null and broken_rules <> 'LND-007' as is_amount_estimated
from valued
group by source, broken_rules
