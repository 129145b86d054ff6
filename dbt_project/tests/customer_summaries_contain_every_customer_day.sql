-- At the as-of day, the summaries add up to the customer-days that they summarize.
with days as (
    select
        sum(net_amount) as net_purchase_amount,
        sum(returned_amount) as returned_amount,
        sum(n_orders_without_amount) as n_orders_without_amount,
        sum(case when is_purchase_day then 1 else 0 end) as n_purchase_days
    from {{ ref('int_customer_day') }}
),

summaries as (
    select
        sum(net_purchase_amount) as net_purchase_amount,
        sum(returned_amount) as returned_amount,
        sum(n_orders_without_amount) as n_orders_without_amount,
        sum(n_purchase_days) as n_purchase_days
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }}
)

select *
from days
cross join summaries
where
    coalesce(days.net_purchase_amount, 0) <> coalesce(summaries.net_purchase_amount, 0)
    or coalesce(days.returned_amount, 0) <> coalesce(summaries.returned_amount, 0)
    or coalesce(days.n_orders_without_amount, 0) <> coalesce(summaries.n_orders_without_amount, 0)
    or coalesce(days.n_purchase_days, 0) <> coalesce(summaries.n_purchase_days, 0)
