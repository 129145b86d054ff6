with sampled as (
    select
        summaries.observed_on,
        summaries.n_repeat_days,
        coalesce(summaries.mean_repeat_amount, cast(0 as decimal(18, 2))) as mean_repeat_amount,
        sample.n_customers as n_population
    from {{ ref('int_customer_summary') }} as summaries
    inner join {{ ref('int_fit_sample') }} as sample
        on summaries.observed_on = sample.observed_on and substr(summaries.customer_key, 1, 3) <= sample.last_bucket
    where summaries.n_purchase_days >= 1
)

select
    observed_on,
    n_repeat_days,
    mean_repeat_amount,
    n_population,
    count(*) as n_customers
from sampled
group by observed_on, n_repeat_days, mean_repeat_amount, n_population
