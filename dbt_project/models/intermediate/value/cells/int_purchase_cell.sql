select
    n_repeat_days,
    recency_days,
    age_days,
    count(*) as n_customers
from {{ ref('int_purchase_history') }}
where observed_on = {{ as_of_date() }}
group by n_repeat_days, recency_days, age_days
