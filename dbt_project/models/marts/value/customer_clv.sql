with customers as (
    select * from {{ ref('int_customer_tier') }}
),

final as (
    select
        customer_key,
        {{ as_of_date() }} as as_of_on,
        cast(n_purchase_days as integer) as n_purchase_days,
        cast(n_repeat_days as integer) as n_repeat_days,
        cast(recency_days as integer) as first_to_last_days,
        cast(age_days as integer) as age_days,
        unobserved_days,
        cast(net_amount as decimal(18, 2)) as historic_net_amount,
        is_outlier,
        outlier_limit_amount,
        n_orders_without_amount,
        historic_margin_amount,
        cast(margin_share as decimal(18, 4)) as margin_share,
        known_margin_share is not null as is_margin_known,
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
        spend_basis,
        expected_value_3m_amount,
        expected_value_6m_amount,
        expected_value_12m_amount,
        expected_value_24m_amount,
        cast(discounted_purchases_12m as double) as discounted_purchases_12m,
        cast(discounted_purchases_24m as double) as discounted_purchases_24m,
        clv_12m_amount,
        clv_24m_amount,
        value_tier,
        purchase_model,
        beats_naive,
        seasonal_index,
        spend_model,
        no_forecast_reason
    from customers
)

select * from final
