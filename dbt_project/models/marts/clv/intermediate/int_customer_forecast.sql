with summaries as (

    select
        *,
        -- Nothing of their own to go by: the population's mean stands in.
        coalesce(n_repeat_days > 0 and net_amount > 0 and mean_repeat_amount > 0, false) as has_own_spend
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }}

),

purchase_scores as (

    select * from {{ ref('int_purchase_score') }}

),

fits as (

    select * from {{ ref('int_value_fit') }}

),

joined as (

    select
        summaries.customer_key,
        summaries.n_purchase_days,
        purchase_scores.p_alive,
        purchase_scores.expected_purchases_3m,
        purchase_scores.expected_purchases_6m,
        purchase_scores.expected_purchases_12m,
        purchase_scores.expected_purchases_24m,
        purchase_scores.p_any_purchase_12m,
        purchase_scores.purchases_12m_low_80,
        purchase_scores.purchases_12m_high_80,
        purchase_scores.purchases_12m_low_95,
        purchase_scores.purchases_12m_high_95,
        fits.purchase_model,
        fits.purchase_status,
        fits.beats_naive,
        fits.spend_status,
        fits.spend_p,
        fits.spend_q,
        fits.spend_gamma,
        cast(case when summaries.has_own_spend then summaries.n_repeat_days else 0 end as double) as spend_days,
        cast(case when summaries.has_own_spend then summaries.mean_repeat_amount else 0 end as double) as spend_mean
    from summaries
    cross join fits
    left join purchase_scores
        on
            summaries.n_purchase_days > 0
            and summaries.n_repeat_days = purchase_scores.n_repeat_days
            and summaries.recency_days = purchase_scores.recency_days
            and summaries.age_days = purchase_scores.age_days

),

-- Gamma-Gamma's expected spend of a purchase day (docs/value-models.md), customer by customer: no cells to carry out.
spending as (

    select
        *,
        case
            when n_purchase_days > 0 and spend_p * spend_days + spend_q > 1
                then try_cast(
                        spend_p * (spend_gamma + spend_days * spend_mean) / (spend_p * spend_days + spend_q - 1)
                        as decimal(18, 2)
                    )
        end as expected_spend_amount
    from joined

),

final as (

    select
        customer_key,
        p_alive,
        expected_purchases_3m,
        expected_purchases_6m,
        expected_purchases_12m,
        expected_purchases_24m,
        p_any_purchase_12m,
        purchases_12m_low_80,
        purchases_12m_high_80,
        purchases_12m_low_95,
        purchases_12m_high_95,
        expected_spend_amount,
        case when expected_purchases_12m is not null then purchase_model end as purchase_model,
        case when expected_purchases_12m is not null then beats_naive end as beats_naive,
        case when expected_spend_amount is not null then 'gamma_gamma' end as spend_model,
        case
            when n_purchase_days = 0 then 'no_purchase'
            when expected_purchases_12m is null and purchase_status in ('too_few_customers', 'not_converged')
                then purchase_status
            when expected_purchases_12m is null then 'no_purchase_score'
            when expected_spend_amount is null and spend_status in ('too_few_customers', 'not_converged')
                then spend_status
            when expected_spend_amount is null then 'no_spend_score'
        end as no_forecast_reason
    from spending

)

select * from final
