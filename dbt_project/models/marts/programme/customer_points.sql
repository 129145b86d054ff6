with events as (
    select * from {{ ref('int_loyalty_event') }}
    where customer_key is not null
),

final as (
    select
        customer_key,
        {{ as_of_date() }} as as_of_on,
        min(case when kind = 'enrol' then occurred_on end) as enrolled_on,
        max(case when points_change is not null then occurred_on end) as latest_move_on,
        cast(count(points_change) as integer) as n_moves,
        cast(coalesce(sum(case when kind = 'earn' then points_change end), 0) as decimal(18, 4)) as points_issued,
        cast(coalesce(-sum(case when kind = 'redeem' then points_change end), 0) as decimal(18, 4)) as points_redeemed,
        cast(coalesce(-sum(case when kind = 'expire' then points_change end), 0) as decimal(18, 4)) as points_expired,
        cast(coalesce(sum(case when kind = 'adjust' then points_change end), 0) as decimal(18, 4)) as points_adjusted,
        cast(coalesce(sum(points_change), 0) as decimal(18, 4)) as points_balance
    from events
    group by customer_key
)

select * from final
