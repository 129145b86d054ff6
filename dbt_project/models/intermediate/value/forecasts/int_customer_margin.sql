with purchases as (
    select
        source,
        order_id,
        customer_key,
        net_amount,
        is_incomplete,
        includes_uncounted_lines
    from {{ ref('int_order') }}
    where is_purchase and customer_key is not null
),

lines as (
    select
        source,
        order_id,
        net_amount,
        cost_amount,
        is_counted
    from {{ ref('int_order_line') }}
),

purchased_lines as (
    select
        purchases.customer_key,
        lines.net_amount,
        lines.cost_amount
    from lines
    inner join purchases
        on lines.source = purchases.source and lines.order_id = purchases.order_id
    where lines.is_counted
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
        sum(case when is_counted then net_amount end) as net_amount,
        sum(net_amount) as all_net_amount
    from lines
    group by source, order_id
    having sum(case when is_counted then 1 else 0 end) > 0
),

-- the cost of rejected lines is not known either, and nothing is known of an order without a line that counts
incomplete as (
    select distinct purchases.customer_key
    from purchases
    left join order_lines
        on purchases.source = order_lines.source and purchases.order_id = order_lines.order_id
    where purchases.is_incomplete or order_lines.order_id is null
),

-- A coupon on the whole order lowers what is paid below the sum of the lines. It does not lower the cost. If the
-- header's amount includes lines that do not count, the discount is divided among all lines. Only the part of the lines
-- bought is subtracted here.
paid as (
    select
        purchases.customer_key,
        cast(sum(
            case
                when not coalesce(purchases.includes_uncounted_lines, false)
                    then least(order_lines.net_amount, purchases.net_amount)
                when purchases.net_amount < order_lines.all_net_amount
                    then {{ share_of('purchases.net_amount', 'order_lines.net_amount', 'order_lines.all_net_amount') }}
                else order_lines.net_amount
            end
        ) as decimal(18, 2)) as paid_amount
    from order_lines
    inner join purchases
        on order_lines.source = purchases.source and order_lines.order_id = purchases.order_id
    group by purchases.customer_key
),

-- Some of the lines do not determine the share of all purchases: the share is known only if every cost is known.
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
