-- A refunded order is a sale, and its return lowers the amount. Without a return, the order is counted in full.
with refunded as (
    select
        source,
        order_id,
        status,
        net_amount
    from {{ ref('int_order') }}
    where
        is_counted
        and (
            {%- for word in ['%refund%', '%rembours%', '%reembols%', '%erstatt%', '%退款%'] %}
            status like '{{ word }}'{{ ' or' if not loop.last }}
            {%- endfor %}
        )
),

returned as (
    select distinct
        source,
        order_id
    from {{ ref('int_return') }}
    where order_id is not null
)

select
    'refunded_without_return' as issue,
    refunded.source,
    'orders' as entity,
    refunded.status as detail,
    count(*) as n_rows,
    cast(sum(refunded.net_amount) as decimal(18, 2)) as amount,
    false as is_amount_estimated
from refunded
left join returned
    on refunded.source = returned.source and refunded.order_id = returned.order_id
where returned.order_id is null
group by refunded.source, refunded.status
