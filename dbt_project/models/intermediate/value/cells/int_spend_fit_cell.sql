with sampled as (
    select
        histories.observed_on,
        histories.spend_repeat_days as n_repeat_days,
        histories.spend_mean_amount as mean_repeat_amount,
        sample.n_customers as n_population
    from {{ ref('int_purchase_history') }} as histories
    inner join {{ ref('int_fit_sample') }} as sample
        on histories.observed_on = sample.observed_on and substr(histories.customer_key, 1, 3) <= sample.last_bucket
),

final as (
    select
        observed_on,
        n_repeat_days,
        mean_repeat_amount,
        n_population,
        count(*) as n_customers
    from sampled
    group by observed_on, n_repeat_days, mean_repeat_amount, n_population
)

select * from final
