with lines as (
    select
        customer_key,
        {{ month_start('ordered_on') }} as month_on,
        paid_amount,
        list_amount
    from {{ ref('int_order_line_price') }}
    where discount_known_on is not null and list_amount > 0 and paid_amount is not null
),

customer_months as (
    select
        customer_key,
        month_on,
        count(*) as n_lines,
        cast(sum(paid_amount) as decimal(18, 2)) as paid_amount,
        cast(sum(list_amount) as decimal(18, 2)) as list_amount
    from lines
    group by customer_key, month_on
),

shop_months as (
    select
        month_on,
        {{ divide('sum(paid_amount)', 'sum(list_amount)', 8, 2) }} as paid_share
    from customer_months
    group by month_on
),

summed as (
    select
        customer_months.customer_key,
        sum(customer_months.n_lines) as n_lines,
        sum(customer_months.paid_amount) as paid_amount,
        sum(customer_months.list_amount) as list_amount,
        sum({{ multiply('customer_months.list_amount', 'shop_months.paid_share') }}) as usual_amount
    from customer_months
    inner join shop_months on customer_months.month_on = shop_months.month_on
    group by customer_months.customer_key
),

final as (
    select
        customer_key,
        cast(n_lines as integer) as n_price_lines,
        case
            when n_lines >= {{ var('measure_price_min_lines') }}
                then cast({{ divide('paid_amount - usual_amount', 'list_amount', 4, 2) }} as decimal(9, 4))
        end as price_premium_share
    from summed
)

select * from final
