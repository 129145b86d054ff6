{{ config(materialized='incremental', meta={'changed_by': 'int_changed_customer'}) }}

with days as (
    select * from {{ ref('int_customer_day') }}
    where {{ is_changed('int_changed_customer') }}
),

-- a category counts from the first day on which it was bought
categories as (
    select
        customer_key,
        first_bought_on,
        count(*) as n_categories
    from {{ ref('int_customer_category') }}
    where {{ is_changed('int_changed_customer') }}
    group by customer_key, first_bought_on
),

measured as (
    select
        days.*,
        case when days.is_purchase_day then days.day_on end as purchased_on,
        case when days.is_purchase_day and days.net_amount is not null then 1 end as is_valued_day,
        -- NULL if one amount of the day is unknown
        case
            when days.purchase_day_number > 1 and coalesce(days.n_orders_without_amount, 0) = 0 then days.net_amount
        end as repeat_amount,
        {{ days_between('days.day_on', 'days.previous_purchase_on') }} as gap_days,
        categories.n_categories
    from days
    left join categories
        on days.customer_key = categories.customer_key and days.day_on = categories.first_bought_on
)

select
    customer_key,
    day_on,
    lead(day_on) over (partition by customer_key order by day_on) as next_on,
    cast(sum(n_orders) over until_day as bigint) as n_orders,
    cast(sum(n_orders_without_amount) over until_day as bigint) as n_orders_without_amount,
    count(purchased_on) over until_day as n_purchase_days,
    count(is_valued_day) over until_day as n_valued_days,
    min(purchased_on) over until_day as first_purchase_on,
    max(purchased_on) over until_day as last_purchase_on,
    max(previous_purchase_on) over until_day as previous_purchase_on,
    count(case when is_first_of_month then 1 end) over until_day as active_months,
    cast(sum(gross_amount) over until_day as decimal(38, 2)) as gross_amount,
    cast(sum(discount_amount) over until_day as decimal(38, 2)) as discount_amount,
    cast(sum(net_amount) over until_day as decimal(38, 2)) as net_purchase_amount,
    cast(sum(returned_amount) over until_day as decimal(38, 2)) as returned_amount,
    cast(sum(repeat_amount) over until_day as decimal(38, 2)) as repeat_amount,
    count(repeat_amount) over until_day as n_spend_days,
    cast(sum(n_categories) over until_day as bigint) as n_categories,
    cast(sum(gap_days) over until_day as bigint) as sum_gap_days,
    cast(sum(cast(gap_days as bigint) * gap_days) over until_day as bigint) as sum_squared_gap_days
from measured
window until_day as (
    partition by customer_key order by day_on rows between unbounded preceding and current row
)
