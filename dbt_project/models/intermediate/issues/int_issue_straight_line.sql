select
    'straight_line_response' as issue,
    source,
    'survey_answers' as entity,
    cast(null as string) as detail,
    sum(n_answers) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_straight_line_response') }}
group by source
