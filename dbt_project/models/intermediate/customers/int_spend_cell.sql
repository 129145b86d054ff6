with customers as (
    select
        n_repeat_days,
        coalesce(mean_repeat_amount, cast(0 as decimal(18, 2))) as mean_repeat_amount
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }} and n_purchase_days >= 1
)

select
    n_repeat_days,
    mean_repeat_amount,
    count(*) as n_customers
from customers
group by n_repeat_days, mean_repeat_amount
