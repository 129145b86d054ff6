with interactions as (
    select
        *,
        coalesce(sentiment_min, -1) as lowest_sentiment,
        coalesce(sentiment_max, 1) as highest_sentiment
    from {{ ref('int_interactions_as_of') }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

channels as (
    select * from {{ ref('int_channel') }}
),

final as (
    select
        {{ hash_key(['interactions.source', 'interactions.interaction_id']) }} as interaction_key,
        interactions.source,
        interactions.interaction_id,
        identities.customer_key,
        interactions.occurred_at,
        interactions.event_on as occurred_on,
        interactions.kind,
        interactions.direction,
        channels.channel,
        channels.touchpoint,
        interactions.channel as source_channel,
        interactions.sentiment,
        {{ sentiment_score(
            'interactions.sentiment', 'interactions.lowest_sentiment', 'interactions.highest_sentiment'
        ) }} as sentiment_score,
        interactions.duration_s as duration_seconds,
        interactions.cost as cost_amount
    from interactions
    left join identities
        on interactions.source = identities.source and interactions.customer_ref = identities.customer_ref
    left join channels
        on interactions.source = channels.source and interactions.channel = channels.spelling
)

select * from final
