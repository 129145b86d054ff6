with summaries as (
    select
        customer_key,
        n_purchase_days,
        n_repeat_days,
        recency_days,
        age_days,
        n_orders_without_amount,
        net_amount
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }}
),

margins as (
    select * from {{ ref('int_customer_margin') }}
),

settings as (
    select assumed_margin_share from {{ ref('int_industry_settings') }}
),

forecasts as (
    select
        *,
        {{ fixed('expected_purchases_3m') }} as purchases_3m,
        {{ fixed('expected_purchases_6m') }} as purchases_6m,
        {{ fixed('expected_purchases_12m') }} as purchases_12m,
        {{ fixed('expected_purchases_24m') }} as purchases_24m
    from {{ ref('int_customer_forecast') }}
),

-- Purchases of the first quarter, of the second quarter and of the second half-year, each discounted from the middle
-- of its period.
year_discounted as (
    select
        *,
        {{ multiply('purchases_3m', discount_factor(1.5), 8, 8, 8) }}
        + {{ multiply('purchases_6m - purchases_3m', discount_factor(4.5), 8, 8, 8) }}
        + {{ multiply('purchases_12m - purchases_6m', discount_factor(9), 8, 8, 8) }} as discounted_purchases_12m
    from forecasts
),

-- and those of the second year
discounted as (
    select
        *,
        discounted_purchases_12m
        + {{ multiply('purchases_24m - purchases_12m', discount_factor(18), 8, 8, 8) }} as discounted_purchases_24m
    from year_discounted
),

valued as (
    select
        summaries.*,
        margins.margin_share as known_margin_share,
        coalesce(margins.margin_share, settings.assumed_margin_share) as margin_share,
        discounted.p_alive,
        discounted.p_any_purchase_12m,
        discounted.purchases_12m_low_80,
        discounted.purchases_12m_high_80,
        discounted.purchases_12m_low_95,
        discounted.purchases_12m_high_95,
        discounted.expected_spend_amount,
        discounted.unobserved_days,
        discounted.spend_basis,
        discounted.purchase_model,
        discounted.spend_model,
        discounted.beats_naive,
        discounted.seasonal_index,
        discounted.no_forecast_reason,
        discounted.expected_purchases_3m,
        {{ multiply('discounted.purchases_3m', 'discounted.expected_spend_amount', 2, 8, 2) }}
            as expected_value_3m_amount,
        discounted.expected_purchases_6m,
        {{ multiply('discounted.purchases_6m', 'discounted.expected_spend_amount', 2, 8, 2) }}
            as expected_value_6m_amount,
        discounted.expected_purchases_12m,
        {{ multiply('discounted.purchases_12m', 'discounted.expected_spend_amount', 2, 8, 2) }}
            as expected_value_12m_amount,
        discounted.expected_purchases_24m,
        {{ multiply('discounted.purchases_24m', 'discounted.expected_spend_amount', 2, 8, 2) }}
            as expected_value_24m_amount,
        discounted.discounted_purchases_12m,
        discounted.discounted_purchases_24m,
        {{ multiply('discounted.discounted_purchases_12m', 'discounted.expected_spend_amount', 4, 8, 2) }}
            as discounted_revenue_12m,
        {{ multiply('discounted.discounted_purchases_24m', 'discounted.expected_spend_amount', 4, 8, 2) }}
            as discounted_revenue_24m
    from summaries
    cross join settings
    left join margins on summaries.customer_key = margins.customer_key
    inner join discounted on summaries.customer_key = discounted.customer_key
),

final as (
    select
        *,
        {{ multiply('net_amount', 'known_margin_share', 2, 2, 4) }} as historic_margin_amount,
        {{ multiply('discounted_revenue_12m', 'margin_share', 2, 4, 4) }} as clv_12m_amount,
        {{ multiply('discounted_revenue_24m', 'margin_share', 2, 4, 4) }} as clv_24m_amount
    from valued
)

select * from final
