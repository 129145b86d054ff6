select
    'line_total_differs' as issue,
    source,
    'order_lines' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(sum(abs(total_difference_amount)) as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_order_line') }}
where total_difference_amount is not null
group by source
