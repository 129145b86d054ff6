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

quartiles as (
    select
        observed_on,
        {{ percentile_cuts('case when n_repeat_days > 0 then mean_repeat_amount end', [0.25, 0.75]) }} as quartiles
    from sampled
    group by observed_on
),

limits as (
    select
        observed_on,
        {{ outlier_limit('quartiles', var('clv_spend_cap_spread')) }} as limit_amount
    from quartiles
),

-- a few wholesale buyers would decide what the model expects of everybody; a spread of 0 means no cap
capped as (
    select
        sampled.observed_on,
        sampled.n_repeat_days,
        sampled.n_population,
        case
            when {{ var('clv_spend_cap_spread') }} > 0 and sampled.mean_repeat_amount > limits.limit_amount
                then limits.limit_amount
            else sampled.mean_repeat_amount
        end as mean_repeat_amount
    from sampled
    inner join limits on sampled.observed_on = limits.observed_on
),

final as (
    select
        observed_on,
        n_repeat_days,
        mean_repeat_amount,
        n_population,
        count(*) as n_customers
    from capped
    group by observed_on, n_repeat_days, mean_repeat_amount, n_population
)

select * from final
