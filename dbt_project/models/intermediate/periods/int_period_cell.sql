{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('int_customer_period') }}
),

cuts as (
    select
        period_kind,
        period_on,
        {{ percentile_cuts('net_amount', [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) }} as cut_points
    from customers
    where n_purchase_days > 0
    group by period_kind, period_on
),

grouped as (
    select
        customers.*,
        case
            when customers.n_purchase_days = 0 then 'returns_only'
            when customers.n_orders <= 5 then cast(customers.n_orders as string)
            when customers.n_orders <= 10 then '6_to_10'
            else '11_or_more'
        end as of_orders,
        case
            when customers.n_purchase_days = 0 then 'returns_only'
            {%- for decile in range(1, 10) %}
            when customers.net_amount <= {{ cut('cuts.cut_points', decile) }} then '{{ decile }}'
            {%- endfor %}
            else '10'
        end as of_decile
    from customers
    left join cuts
        on customers.period_kind = cuts.period_kind and customers.period_on = cuts.period_on
),

final as (
    select
        period_kind,
        period_on,
        of_orders,
        of_decile,
        count(*) as n_customers,
        sum(n_orders) as n_orders,
        sum(n_orders - n_valued_orders) as n_orders_without_amount,
        sum(purchase_amount) as purchase_amount,
        sum(returned_amount) as returned_amount,
        sum(net_amount) as net_amount,
        min(net_amount) as lowest_net_amount,
        max(net_amount) as highest_net_amount,
        sum({{ amount_product('net_amount', 'net_amount') }}) as net_squared
    from grouped
    group by period_kind, period_on, of_orders, of_decile
)

select * from final
