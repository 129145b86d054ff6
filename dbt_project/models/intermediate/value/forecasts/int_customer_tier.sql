{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('int_customer_value') }}
),

cut_points as (
    select * from {{ ref('int_value_cut_point') }}
),

placed as (
    select
        customers.*,
        cut_points.outlier_limit_amount,
        customers.net_amount > cut_points.outlier_limit_amount as is_outlier,
        {{ mid_rank_share('cut_points', 'value', 'customers.clv_12m_amount', value_tier_cuts()) }} as value_share
    from customers
    cross join cut_points
),

final as (
    select
        customer_key,
        n_purchase_days,
        n_repeat_days,
        recency_days,
        age_days,
        unobserved_days,
        net_amount,
        is_outlier,
        outlier_limit_amount,
        n_orders_without_amount,
        historic_margin_amount,
        margin_share,
        known_margin_share,
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
        discounted_purchases_12m,
        discounted_purchases_24m,
        clv_12m_amount,
        clv_24m_amount,
        purchase_model,
        beats_naive,
        seasonal_index,
        spend_model,
        no_forecast_reason,
        case
            {%- for tier, share in value_tiers() | reverse %}
            when value_share >= {{ share }} then '{{ tier }}'
            {%- endfor %}
        end as value_tier
    from placed
)

select * from final
