{{ config(materialized='view') }}

with interactions as (
    select
        *,
        coalesce(sentiment_min, -1) as lowest,
        coalesce(sentiment_max, 1) as highest
    from {{ ref('int_interactions_as_of') }}
    where sentiment is not null
),

referrals as (
    select * from {{ ref('int_referrals_as_of') }}
),

identities as (
    select
        source,
        customer_ref,
        customer_key
    from {{ ref('int_customer_identity') }}
),

-- Without a declared scale the sentiment is -1 to 1; other values cannot be placed (int_issue_sentiment counts them).
rated as (
    select
        {{ hash_key(['interactions.source', 'interactions.interaction_id', "'sentiment'"]) }} as item_key,
        identities.customer_key,
        'attitude' as dimension,
        'sentiment' as part,
        'sentiment' as construct,
        {{ hash_key(['interactions.source', 'interactions.interaction_id', "'sentiment'"]) }} as response_key,
        interactions.channel,
        interactions.event_on,
        {{ divide(
            '100 * (interactions.sentiment - interactions.lowest)', 'interactions.highest - interactions.lowest', 4
        ) }} as item_score,
        false as is_answer
    from interactions
    inner join identities
        on interactions.source = identities.source and interactions.customer_ref = identities.customer_ref
    where interactions.sentiment >= interactions.lowest and interactions.sentiment <= interactions.highest
),

-- A referral is a fact and nobody was asked: without one there is no evidence, and it is no response.
referred as (
    select
        {{ hash_key(['referrals.source', 'referrals.referral_id', "'referral'"]) }} as item_key,
        identities.customer_key,
        'emotion' as dimension,
        'referrals' as part,
        'referrals' as construct,
        cast(null as string) as response_key,
        cast(null as string) as channel,
        referrals.event_on,
        cast(100 as decimal(18, 4)) as item_score,
        false as is_answer
    from referrals
    inner join identities
        on referrals.source = identities.source and referrals.referrer_ref = identities.customer_ref
),

final as (
    select * from rated
    union all
    select * from referred
)

select * from final
