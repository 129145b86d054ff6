with events as (
    select * from {{ ref('int_loyalty_events_as_of') }}
),

identity as (
    select * from {{ ref('int_customer_identity') }}
),

-- the change of the balance by each event; some programmes write redeemed points with a minus sign, others without
moves as (
    select
        identity.customer_key,
        events.kind,
        events.event_on,
        case
            when events.kind in ('redeem', 'expire') then -abs(events.points)
            when events.kind in ('earn', 'adjust') then events.points
        end as points
    from events
    inner join identity
        on events.source = identity.source and events.customer_ref = identity.customer_ref
),

final as (
    select
        customer_key,
        {{ as_of_date() }} as as_of_on,
        min(case when kind = 'enrol' then event_on end) as enrolled_on,
        max(case when points is not null then event_on end) as latest_move_on,
        cast(count(points) as integer) as n_moves,
        cast(coalesce(sum(case when kind = 'earn' then points end), 0) as decimal(18, 4)) as points_issued,
        cast(coalesce(-sum(case when kind = 'redeem' then points end), 0) as decimal(18, 4)) as points_redeemed,
        cast(coalesce(-sum(case when kind = 'expire' then points end), 0) as decimal(18, 4)) as points_expired,
        cast(coalesce(sum(case when kind = 'adjust' then points end), 0) as decimal(18, 4)) as points_adjusted,
        cast(coalesce(sum(points), 0) as decimal(18, 4)) as points_balance
    from moves
    group by customer_key
)

select * from final
