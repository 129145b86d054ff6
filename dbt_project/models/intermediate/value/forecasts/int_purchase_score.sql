with scores as (
    select * from {{ source('exchange', 'purchase_scores') }}
),

final as (
    select
        cast(n_repeat_days as integer) as n_repeat_days,
        cast(recency_days as integer) as recency_days,
        cast(age_days as integer) as age_days,
        cast(p_alive as double) as p_alive,
        cast(expected_purchases_3m as double) as expected_purchases_3m,
        cast(expected_purchases_6m as double) as expected_purchases_6m,
        cast(expected_purchases_12m as double) as expected_purchases_12m,
        cast(expected_purchases_24m as double) as expected_purchases_24m,
        cast(p_any_purchase_12m as double) as p_any_purchase_12m,
        cast(purchases_12m_low_80 as integer) as purchases_12m_low_80,
        cast(purchases_12m_high_80 as integer) as purchases_12m_high_80,
        cast(purchases_12m_low_95 as integer) as purchases_12m_low_95,
        cast(purchases_12m_high_95 as integer) as purchases_12m_high_95,
        cast(purchases_12m_variance as double) as purchases_12m_variance,
        cast(purchases_12m_shift_1 as double) as purchases_12m_shift_1,
        cast(purchases_12m_shift_2 as double) as purchases_12m_shift_2,
        cast(purchases_12m_shift_3 as double) as purchases_12m_shift_3,
        cast(purchases_12m_shift_4 as double) as purchases_12m_shift_4
    from scores
)

select * from final
