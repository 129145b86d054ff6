select
    issue,
    source,
    'orders' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_order') }}
-- int_issue_incomplete_orders counts orders with missing lines, int_issue_order_status orders with an unknown status
where issue is not null and issue not in ('lines_rejected', 'unknown_status')
group by issue, source
