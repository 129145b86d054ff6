{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('int_customer_period') }}
    where period_kind = 'month'
),

origins as (
    select
        customer_key,
        coalesce(first_channel, 'unknown') as first_channel,
        case when is_earned then 'earned' when not is_earned then 'other' else 'unknown' end as origin
    from {{ ref('int_customer_origin') }}
),

final as (
    select
        customers.cohort_on,
        customers.period_on as month_on,
        origins.origin,
        origins.first_channel,
        sum(case when customers.n_purchase_days > 0 then 1 else 0 end) as n_active,
        sum(customers.n_second_purchases) as n_second_purchases,
        sum(customers.n_orders) as n_orders,
        sum(customers.n_orders - customers.n_valued_orders) as n_orders_without_amount,
        sum(customers.purchase_amount) as purchase_amount,
        sum(customers.returned_amount) as returned_amount,
        sum(customers.net_amount) as net_amount
    from customers
    left join origins on customers.customer_key = origins.customer_key
    group by customers.cohort_on, customers.period_on, origins.origin, origins.first_channel
)

select * from final
