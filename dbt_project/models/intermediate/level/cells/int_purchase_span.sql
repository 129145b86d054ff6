with purchases as (
    select
        customer_key,
        day_on,
        purchase_day_number,
        previous_purchase_on
    from {{ ref('int_customer_day') }}
    where is_purchase_day
),

shop_days as (
    select * from {{ ref('int_shop_day') }}
),

numbered as (
    select
        purchases.customer_key,
        purchases.day_on,
        purchases.purchase_day_number,
        shop_days.day_number
    from purchases
    inner join shop_days on purchases.day_on = shop_days.day_on
)

select
    customer_key,
    day_on as bought_on,
    lead(day_on) over of_customer as next_bought_on,
    purchase_day_number as n_purchase_days,
    min(day_number) over (partition by customer_key) as first_number,
    lag(day_number) over of_customer as previous_number,
    day_number as bought_number,
    lead(day_number) over of_customer as next_number
from numbered
window of_customer as (partition by customer_key order by day_on)
