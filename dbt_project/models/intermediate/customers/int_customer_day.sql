{{ config(materialized='incremental', meta={'changed_by': 'int_changed_customer'}) }}

with purchases as (
    select
        customer_key,
        ordered_on as day_on,
        count(*) as n_orders,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_amount,
        sum(n_lines) as n_lines,
        sum(quantity) as quantity,
        sum(case when net_amount is null then 1 else 0 end) as n_orders_without_amount
    from {{ ref('int_order') }}
    where is_purchase and {{ is_changed('int_changed_customer') }}
    group by customer_key, ordered_on
),

returns as (
    select
        customer_key,
        returned_on as day_on,
        sum(return_amount) as returned_amount
    from {{ ref('int_return') }}
    where
        customer_key is not null
        and issue is null
        and {{ is_changed('int_changed_customer') }}
    group by customer_key, returned_on
),

days as (
    select
        coalesce(purchases.customer_key, returns.customer_key) as customer_key,
        coalesce(purchases.day_on, returns.day_on) as day_on,
        coalesce(purchases.n_orders, 0) as n_orders,
        coalesce(purchases.n_orders_without_amount, 0) as n_orders_without_amount,
        -- 0 on a day that has only returns; NULL if no order of the day has a known amount
        {%- for amount in ['gross_amount', 'discount_amount', 'net_amount'] %}
        case when purchases.customer_key is null then 0 else purchases.{{ amount }} end as {{ amount }},
        {%- endfor %}
        coalesce(returns.returned_amount, 0) as returned_amount,
        coalesce(purchases.n_lines, 0) as n_lines,
        coalesce(purchases.quantity, 0) as quantity,
        purchases.customer_key is not null as is_purchase_day
    from purchases
    full outer join returns
        on purchases.customer_key = returns.customer_key and purchases.day_on = returns.day_on
),

numbered as (
    select
        *,
        row_number() over (partition by customer_key, is_purchase_day order by day_on) as day_number,
        row_number() over (
            partition by customer_key, is_purchase_day, {{ month_start('day_on') }} order by day_on
        ) as number_in_month,
        lag(day_on) over (partition by customer_key, is_purchase_day order by day_on) as previous_on
    from days
)

select
    customer_key,
    day_on,
    cast(n_orders as integer) as n_orders,
    cast(n_orders_without_amount as integer) as n_orders_without_amount,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    cast(discount_amount as decimal(18, 2)) as discount_amount,
    cast(net_amount as decimal(18, 2)) as net_amount,
    cast(returned_amount as decimal(18, 2)) as returned_amount,
    cast(n_lines as integer) as n_lines,
    cast(quantity as decimal(18, 4)) as quantity,
    is_purchase_day,
    cast(case when is_purchase_day then day_number end as integer) as purchase_day_number,
    case when is_purchase_day then previous_on end as previous_purchase_on,
    is_purchase_day and number_in_month = 1 as is_first_of_month
from numbered
