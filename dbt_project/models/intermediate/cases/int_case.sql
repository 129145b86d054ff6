with cases as (
    select * from {{ ref('int_cases_as_of') }}
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

products as (
    select
        source,
        product_id
    from {{ ref('int_products_as_of') }}
),

channels as (
    select * from {{ ref('int_channel') }}
),

-- If no case of a source has a status or a closing time, it is unknown which cases are open. An outcome after the day
-- counts too: it shows that the source states outcomes.
sources_with_outcomes as (
    select source
    from {{ ref('stg_cases') }}
    where status is not null or closed_at is not null
    group by source
),

-- the reference of the case counts before the customer of its order
placed as (
    select
        cases.*,
        channels.channel as channel_code,
        channels.touchpoint,
        orders.source as known_order_source,
        orders.order_id as known_order_id,
        products.product_id as known_product_id,
        coalesce(identities.customer_key, orders.customer_key) as customer_key,
        sources_with_outcomes.source is not null as has_outcomes
    from cases
    left join orders
        on coalesce(cases.order_source, cases.source) = orders.source and cases.order_id = orders.order_id
    left join identities
        on cases.source = identities.source and cases.customer_ref = identities.customer_ref
    left join products
        on cases.source = products.source and cases.product_id = products.product_id
    left join channels
        on cases.source = channels.source and cases.channel = channels.spelling
    left join sources_with_outcomes
        on cases.source = sources_with_outcomes.source
),

-- a case that was opened again has not ended yet
ended as (
    select
        *,
        case when not {{ is_case_open('status', 'closed_at') }} then closed_at end as ended_at
    from placed
),

final as (
    select
        {{ hash_key(['source', 'case_id']) }} as case_key,
        source,
        case_id,
        customer_key,
        {{ hash_key(['known_order_source', 'known_order_id']) }} as order_key,
        {{ hash_key(['source', 'known_product_id']) }} as product_key,
        product_id,
        opened_at,
        event_on as opened_on,
        first_response_at,
        ended_at as closed_at,
        {{ hours_between('first_response_at', 'opened_at') }} as first_response_hours,
        {{ hours_between('ended_at', 'opened_at') }} as resolution_hours,
        kind,
        priority,
        category,
        channel_code as channel,
        touchpoint,
        channel as source_channel,
        status,
        case when has_outcomes then {{ is_case_open('status', 'closed_at') }} end as is_open,
        case when has_outcomes then {{ is_case_resolved('status', 'closed_at') }} end as is_resolved,
        resolution is not null as has_resolution,
        satisfaction as satisfaction_number,
        cost as cost_amount
    from ended
)

select * from final
