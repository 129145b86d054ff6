with forecasts as (
    select clv_12m_amount
    from {{ ref('int_customer_value') }}
    where clv_12m_amount is not null
),

cuts as (
    select {{ percentile_cuts('clv_12m_amount', value_tier_cuts()) }} as value_cuts
    from forecasts
),

final as (
    select {{ cut_point_columns(['value'], value_tier_cuts() | length + 1) }}
    from cuts
)

select * from final
