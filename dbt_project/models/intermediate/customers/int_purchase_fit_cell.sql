with sampled as (
    select
        summaries.observed_on,
        summaries.n_repeat_days,
        summaries.recency_days,
        summaries.age_days,
        sample.n_customers as n_population
    from {{ ref('int_customer_summary') }} as summaries
    inner join {{ ref('int_fit_sample') }} as sample
        on summaries.observed_on = sample.observed_on and substr(summaries.customer_key, 1, 3) <= sample.last_bucket
    where summaries.n_purchase_days >= 1
)

select
    observed_on,
    n_repeat_days,
    recency_days,
    age_days,
    n_population,
    count(*) as n_customers
from sampled
group by observed_on, n_repeat_days, recency_days, age_days, n_population
