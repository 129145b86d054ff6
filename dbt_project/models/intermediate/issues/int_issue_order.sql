select
    issue,
    source,
    'orders' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_order') }}
where issue is not null and issue <> 'unknown_status' -- int_issue_order_status lists those by status
group by issue, source
