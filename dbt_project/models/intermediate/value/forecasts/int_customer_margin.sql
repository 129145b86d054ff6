with purchases as (
    select
        source,
        order_id,
        customer_key,
        net_amount,
        is_incomplete
    from {{ ref('int_order') }}
    where is_purchase and customer_key is not null
),

counted_lines as (
    select
        source,
        order_id,
        net_amount,
        cost_amount
    from {{ ref('int_order_line') }}
    where is_counted
),

-- the cost of an order's rejected lines is not known either
incomplete as (
    select distinct customer_key
    from purchases
    where is_incomplete
),

purchased_lines as (
    select
        purchases.customer_key,
        counted_lines.net_amount,
        counted_lines.cost_amount
    from counted_lines
    inner join purchases
        on counted_lines.source = purchases.source and counted_lines.order_id = purchases.order_id
),

summed as (
    select
        customer_key,
        cast(sum(net_amount) as decimal(18, 2)) as line_net_amount,
        cast(sum(case when cost_amount is not null then net_amount else 0 end) as decimal(18, 2)) as costed_net_amount,
        cast(sum(case when net_amount is not null then cost_amount end) as decimal(18, 2)) as cost_amount,
        sum(case when net_amount is null or cost_amount is null then 1 else 0 end) as n_uncosted_lines
    from purchased_lines
    group by customer_key
),

order_lines as (
    select
        source,
        order_id,
        sum(net_amount) as net_amount
    from counted_lines
    group by source, order_id
),

-- A coupon on the whole order lowers what is paid below the sum of the lines. It does not lower the cost.
paid as (
    select
        purchases.customer_key,
        cast(sum(least(order_lines.net_amount, purchases.net_amount)) as decimal(18, 2)) as paid_amount
    from order_lines
    inner join purchases
        on order_lines.source = purchases.source and order_lines.order_id = purchases.order_id
    group by purchases.customer_key
),

-- Some of the lines do not determine the share of all lines: the share is known only if every line's cost is known.
final as (
    select
        summed.customer_key,
        summed.line_net_amount,
        summed.costed_net_amount,
        summed.cost_amount,
        paid.paid_amount,
        case
            when summed.n_uncosted_lines = 0 and incomplete.customer_key is null and paid.paid_amount > 0
                then
                    cast(
                        {{ divide('paid.paid_amount - summed.cost_amount', 'paid.paid_amount', 4) }}
                        as decimal(18, 4)
                    )
        end as margin_share
    from summed
    inner join paid on summed.customer_key = paid.customer_key
    left join incomplete on summed.customer_key = incomplete.customer_key
)

select * from final
