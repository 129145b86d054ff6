select
    'sentiment_outside_scale' as issue,
    source,
    'interactions' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_interactions_as_of') }}
where sentiment_min is null and (sentiment < -1 or sentiment > 1)
group by source
