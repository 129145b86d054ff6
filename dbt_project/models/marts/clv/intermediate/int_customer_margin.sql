with purchased_lines as (

    select
        customer_key,
        net_amount,
        cost_amount
    from {{ ref('fct_order_line') }}
    where is_purchase and customer_key is not null

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
        customer_key,
        line_net_amount,
        costed_net_amount,
        cost_amount,
        case
            when n_uncosted_lines = 0 and line_net_amount > 0
                then cast({{ divide('line_net_amount - cost_amount', 'line_net_amount', 4) }} as decimal(18, 4))
        end as margin_share
    from summed

)

select * from final
