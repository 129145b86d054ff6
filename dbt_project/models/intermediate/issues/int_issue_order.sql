select
    issue,
    source,
    'orders' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_order') }}
-- int_issue_incomplete_orders counts the orders that lack lines
where issue is not null and issue <> 'lines_rejected'
group by issue, source
