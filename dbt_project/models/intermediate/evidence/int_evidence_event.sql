{{ config(materialized='view') }}

with interactions as (
    select * from {{ ref('int_interaction') }}
    where sentiment_score is not null and customer_key is not null
),

-- a person who refers their own second account recommends nothing
referrals as (
    select * from {{ ref('int_referral') }}
    where referrer_customer_key is not null and not is_self_referral
),

rated as (
    select
        {{ hash_key(['source', 'interaction_id', "'sentiment'"]) }} as item_key,
        customer_key,
        'attitude' as dimension,
        'sentiment' as part,
        'sentiment' as construct,
        {{ hash_key(['source', 'interaction_id', "'sentiment'"]) }} as response_key,
        channel,
        occurred_on as event_on,
        cast(sentiment_score as decimal(18, 4)) as item_score,
        false as is_answer
    from interactions
),

-- A referral is a fact and nobody was asked: without one there is no evidence, and it is no response.
referred as (
    select
        {{ hash_key(['source', 'referral_id', "'referral'"]) }} as item_key,
        referrer_customer_key as customer_key,
        'emotion' as dimension,
        'referrals' as part,
        'referrals' as construct,
        cast(null as string) as response_key,
        cast(null as string) as channel,
        referred_on as event_on,
        cast(100 as decimal(18, 4)) as item_score,
        false as is_answer
    from referrals
),

final as (
    select * from rated
    union all
    select * from referred
)

select * from final
