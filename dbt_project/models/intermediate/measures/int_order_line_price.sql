with orders as (
    select
        source,
        order_id,
        customer_key,
        ordered_on,
        fx_rate,
        gross_amount,
        discount_amount,
        net_amount,
        includes_uncounted_lines
    from {{ ref('int_order') }}
    where is_purchase
),

order_lines as (
    select * from {{ ref('int_order_line') }}
),

-- Orders with a rejected line. The line may have no value, such as a gift: the discount of the order can be the price
-- of the gift.
rejections as (
    select
        source,
        order_id
    from {{ ref('int_order_rejection') }}
),

-- The difference that rounding explains: half a cent per unit in the currency that was charged, at most 1 % of the list
-- value. A conversion to the reporting currency adds a cent.
rounded as (
    select
        *,
        least(
            {{ multiply(multiply('quantity', 'fx_rate', 4, 4, 8), '0.005', 4, 4, 4) }},
            {{ multiply('list_amount', '0.01', 4, 2, 4) }}
        ) + case when fx_rate = 1 then 0 else 0.01 end as rounding_amount
    from order_lines
    where is_counted and issue is null
),

lines as (
    select
        source,
        order_id,
        line_id,
        category,
        brand,
        net_amount as paid_amount,
        case when list_amount > gross_amount + rounding_amount then list_amount else gross_amount end as list_amount
    from rounded
),

-- The lines that the order's amount includes. A cancelled line has a part of the discount only if it is one of them.
line_discounts as (
    select
        order_lines.source,
        order_lines.order_id,
        sum(order_lines.discount_amount) as discount_amount,
        sum(order_lines.net_amount) as net_amount,
        count(*) as n_lines
    from order_lines
    inner join orders on order_lines.source = orders.source and order_lines.order_id = orders.order_id
    where order_lines.is_counted or orders.includes_uncounted_lines
    group by order_lines.source, order_lines.order_id
),

-- without a line that counts: the order's own amounts
placed as (
    select
        orders.customer_key,
        orders.ordered_on,
        orders.source,
        orders.order_id,
        lines.line_id,
        lines.category,
        lines.brand,
        case when lines.order_id is null then orders.net_amount else lines.paid_amount end as paid_amount,
        case when lines.order_id is null then orders.gross_amount else lines.list_amount end as list_amount,
        line_discounts.net_amount as lines_net_amount,
        -- the prices of lines may already contain the discount of the order: then nothing is left to subtract
        greatest(
            least(
                orders.discount_amount - line_discounts.discount_amount,
                line_discounts.net_amount - orders.net_amount
            ),
            0
        ) as order_discount_amount,
        -- A discount on the order is more than the discounts on its lines. Each converted amount is rounded. If a line
        -- was rejected, the discount of the order can be that of this line.
        case
            when rejections.order_id is not null then false
            else
                orders.discount_amount - line_discounts.discount_amount
                > case when orders.fx_rate = 1 then 0 else 0.005 * (line_discounts.n_lines + 1) end
        end as is_order_discounted
    from orders
    left join lines on orders.source = lines.source and orders.order_id = lines.order_id
    left join line_discounts
        on orders.source = line_discounts.source and orders.order_id = line_discounts.order_id
    left join rejections
        on orders.source = rejections.source and orders.order_id = rejections.order_id
    where lines.order_id is not null or orders.gross_amount is not null
),

-- each line bears its part of a discount on the order
shared as (
    select
        *,
        case
            when is_order_discounted and lines_net_amount > 0 and line_id is not null
                then {{ divide('paid_amount', 'lines_net_amount', 8, 2) }}
            else 0
        end as line_share
    from placed
),

priced as (
    select
        customer_key,
        ordered_on,
        source,
        order_id,
        line_id,
        category,
        brand,
        cast(
            paid_amount - coalesce({{ multiply('order_discount_amount', 'line_share', 2, 2, 8) }}, 0)
            as decimal(18, 2)
        ) as paid_amount,
        list_amount,
        coalesce(paid_amount < list_amount or is_order_discounted, false) as is_discounted
    from shared
),

-- a source that never showed a discount may have no field for it
discounted_sources as (
    select
        source,
        min(ordered_on) as first_discount_on
    from priced
    where is_discounted
    group by source
),

final as (
    select
        priced.customer_key,
        priced.ordered_on,
        priced.source,
        priced.order_id,
        priced.line_id,
        priced.category,
        priced.brand,
        priced.paid_amount,
        priced.list_amount,
        priced.is_discounted,
        case
            when priced.ordered_on < discounted_sources.first_discount_on then discounted_sources.first_discount_on
            when discounted_sources.source is not null then priced.ordered_on
        end as discount_known_on
    from priced
    left join discounted_sources on priced.source = discounted_sources.source
)

select * from final
