select
    n_repeat_days,
    recency_days,
    age_days,
    count(*) as n_customers
from {{ ref('int_customer_summary') }}
where observed_on = {{ as_of_date() }} and n_purchase_days >= 1
group by n_repeat_days, recency_days, age_days
