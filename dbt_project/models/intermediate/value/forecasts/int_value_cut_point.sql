with customers as (
    select
        clv_12m_amount,
        case when net_amount > 0 then net_amount end as spent_amount
    from {{ ref('int_customer_value') }}
),

cuts as (
    select
        {{ percentile_cuts('clv_12m_amount', value_tier_cuts()) }} as value_cuts,
        {{ percentile_cuts('spent_amount', [0.25, 0.75]) }} as quartiles
    from customers
),

final as (
    select
        {{ outlier_limit('quartiles', var('clv_outlier_spread')) }} as outlier_limit_amount,
        {{ cut_point_columns(['value'], value_tier_cuts() | length + 1) }}
    from cuts
)

select * from final
