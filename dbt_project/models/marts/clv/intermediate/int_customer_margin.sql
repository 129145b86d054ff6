with purchased_lines as (

    select
        customer_key,
        net_amount,
        cost_amount
    from {{ ref('fct_order_line') }}
    where is_purchase and customer_key is not null

),

-- what the rejected lines of an order cost is not known either
incomplete as (

    select distinct customer_key
    from {{ ref('int_order') }}
    where is_purchase and is_incomplete

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

-- A part of the lines says nothing certain of the rest: the share is known where every line's cost is.
final as (

    select
        summed.customer_key,
        summed.line_net_amount,
        summed.costed_net_amount,
        summed.cost_amount,
        case
            when summed.n_uncosted_lines = 0 and incomplete.customer_key is null and summed.line_net_amount > 0
                then
                    cast(
                        {{ divide('summed.line_net_amount - summed.cost_amount', 'summed.line_net_amount', 4) }}
                        as decimal(18, 4)
                    )
        end as margin_share
    from summed
    left join incomplete on summed.customer_key = incomplete.customer_key

)

select * from final
