with forecasts as (

    select clv_12m_amount
    from {{ ref('int_customer_value') }}
    where clv_12m_amount is not null

),

cuts as (

    select {{ percentile_cuts('clv_12m_amount', var('clv_tier_shares') + [1]) }} as value_cuts
    from forecasts

),

final as (

    select {{ cut_point_columns(['value'], var('clv_tier_shares') | length + 2) }}
    from cuts

)

select * from final
