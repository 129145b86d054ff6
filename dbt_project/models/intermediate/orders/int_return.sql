{{ config(materialized='incremental', meta={'changed_by': 'int_changed_return'}) }}

with stated as (
    select * from {{ ref('int_return_stated') }}
    where {{ is_changed('int_changed_return') }}
),

-- a return lowers the value of its order by at most the amount that is left after earlier returns
claims as (
    select
        source,
        return_id,
        claimed_amount - claimed_before_amount as claimed_amount,
        case when is_whole then order_net_amount else least(claimed_amount, order_net_amount) end
        - case when is_whole_before then order_net_amount else least(claimed_before_amount, order_net_amount) end
            as taken_amount
    from {{ ref('int_return_claim') }}
    where {{ is_changed('int_changed_return') }}
)

select
    stated.source,
    stated.return_id,
    stated.order_id,
    stated.customer_key,
    stated.returned_at,
    stated.returned_on,
    stated.is_undated,
    stated.kind,
    stated.fault,
    stated.quantity,
    stated.currency,
    stated.stated_amount,
    stated.amount_basis,
    stated.is_basis_assumed,
    stated.is_of_line or stated.is_of_whole_order as is_amount_derived,
    stated.is_order_unknown,
    cast(
        case
            when stated.issue in ('order_not_counted', 'line_not_counted') then 0
            when stated.issue is null
                then coalesce(claims.taken_amount, stated.split_amount, stated.stated_amount)
        end as decimal(18, 2)
    ) as return_amount,
    cast(
        case
            when stated.issue is null and stated.stated_amount is not null
                then coalesce(claims.claimed_amount - claims.taken_amount, 0)
        end as decimal(18, 2)
    ) as excess_amount,
    stated.rounding_amount,
    stated.issue
from stated
left join claims
    on stated.source = claims.source and stated.return_id = claims.return_id
