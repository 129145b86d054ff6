select
    issue,
    source,
    'campaign_touches' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('int_campaign_touch') }}
where issue is not null
group by issue, source
