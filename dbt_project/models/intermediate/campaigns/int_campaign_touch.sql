with touches as (
    select
        *,
        coalesce(currency, '{{ var("currency") }}') as cost_currency
    from {{ ref('int_campaign_touches_as_of') }}
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

rates as (
    select * from {{ ref('int_fx_rate_day') }}
),

-- the reference of the touch counts before the customer of its order
placed as (
    select
        touches.*,
        orders.source as known_order_source,
        orders.order_id as known_order_id,
        coalesce(identities.customer_key, orders.customer_key) as customer_key,
        {{ multiply('touches.cost', rate_of('touches.cost_currency', 'rates.fx_rate')) }} as cost_amount
    from touches
    left join orders
        on coalesce(touches.order_source, touches.source) = orders.source and touches.order_id = orders.order_id
    left join identities
        on touches.source = identities.source and touches.customer_ref = identities.customer_ref
    left join rates
        on touches.cost_currency = rates.currency and touches.event_on = rates.rate_on
),

final as (
    select
        {{ hash_key(['source', 'touch_id']) }} as touch_key,
        source,
        touch_id,
        customer_key,
        {{ hash_key(['known_order_source', 'known_order_id']) }} as order_key,
        campaign_id,
        campaign_kind,
        action,
        arm,
        coupon_code,
        touched_at,
        event_on as touched_on,
        cost_amount,
        case when cost is not null then cost_currency end as source_currency,
        case when cost is not null and cost_amount is null then 'missing_rate' end as issue
    from placed
)

select * from final
