with events as (
    select * from {{ ref('int_loyalty_events_as_of') }}
),

orders as (
    select
        source,
        order_id,
        customer_key
    from {{ ref('int_order') }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

-- the reference of the event counts before the customer of its order
placed as (
    select
        events.*,
        orders.source as known_order_source,
        orders.order_id as known_order_id,
        coalesce(identities.customer_key, orders.customer_key) as customer_key
    from events
    left join orders
        on coalesce(events.order_source, events.source) = orders.source and events.order_id = orders.order_id
    left join identities
        on events.source = identities.source and events.customer_ref = identities.customer_ref
),

final as (
    select
        {{ hash_key(['source', 'event_id']) }} as loyalty_event_key,
        source,
        event_id,
        customer_key,
        {{ hash_key(['known_order_source', 'known_order_id']) }} as order_key,
        occurred_at,
        event_on as occurred_on,
        kind,
        points,
        -- the change of the balance: some programmes write redeemed points with a minus sign, others without
        cast(case
            when kind in ('redeem', 'expire') then -abs(points)
            when kind in ('earn', 'adjust') then points
        end as decimal(18, 4)) as points_change,
        money_value as money_amount,
        expires_at,
        {{ business_date('expires_at') }} as expires_on,
        tier,
        fee as fee_amount,
        {{ business_date('paid_until') }} as paid_until_on
    from placed
)

select * from final
