with summaries as (
    select
        customer_key,
        n_purchase_days
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }}
),

histories as (
    select
        *,
        cast(spend_repeat_days as double) as spend_days,
        cast(spend_mean_amount as double) as spend_mean
    from {{ ref('int_purchase_history') }}
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
        purchase_scores.purchases_12m_variance,
        purchase_scores.purchases_12m_shift_1,
        purchase_scores.purchases_12m_shift_2,
        purchase_scores.purchases_12m_shift_3,
        purchase_scores.purchases_12m_shift_4,
        fits.purchase_model,
        fits.purchase_status,
        fits.beats_naive,
        fits.seasonal_index,
        fits.spend_status,
        fits.spend_p,
        fits.spend_q,
        fits.spend_gamma,
        histories.unobserved_days,
        histories.spend_basis,
        histories.spend_days,
        histories.spend_mean
    from summaries
    cross join fits
    left join histories on summaries.customer_key = histories.customer_key
    left join purchase_scores
        on
            histories.n_repeat_days = purchase_scores.n_repeat_days
            and histories.recency_days = purchase_scores.recency_days
            and histories.age_days = purchase_scores.age_days
),

-- The expected spend per purchase day by Gamma-Gamma (docs/value-models.md). It is computed per customer, so no cells
-- are handed over to Python.
spending as (
    select
        *,
        case
            when spend_p * spend_days + spend_q > 1
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
        purchases_12m_variance,
        purchases_12m_shift_1,
        purchases_12m_shift_2,
        purchases_12m_shift_3,
        purchases_12m_shift_4,
        expected_spend_amount,
        unobserved_days,
        case when expected_spend_amount is not null then spend_basis end as spend_basis,
        case when expected_purchases_12m is not null then purchase_model end as purchase_model,
        case when expected_purchases_12m is not null then beats_naive end as beats_naive,
        case when expected_purchases_12m is not null then seasonal_index end as seasonal_index,
        case when expected_spend_amount is not null then 'gamma_gamma' end as spend_model,
        case
            when n_purchase_days = 0 then 'no_purchase'
            when expected_purchases_12m is null and purchase_status in ('refused', 'too_few_customers', 'not_converged')
                then purchase_status
            when expected_purchases_12m is null then 'no_purchase_score'
            when expected_spend_amount is null and spend_status in ('refused', 'too_few_customers', 'not_converged')
                then spend_status
            when expected_spend_amount is null then 'no_spend_score'
        end as no_forecast_reason
    from spending
)

select * from final
