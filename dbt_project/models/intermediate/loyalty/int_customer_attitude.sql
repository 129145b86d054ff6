{%- set weights = var('loyalty_attitude_weights') %}
{%- set scores = {
    'nps_score': weights.nps,
    'csat_score': weights.csat,
    'ces_score': weights.ces,
    'review_score': weights.review,
    'sentiment_score': weights.sentiment,
} %}

with answers as (
    select *
    from {{ ref('int_customer_answer') }}
    where construct in ('nps', 'csat', 'ces', 'review', 'sentiment', 'brand_preference')
),

-- One row per customer, one column per part. Each part has the name of its construct. There are no constructs yet for
-- reviews and sentiment.
pivoted as (
    select
        customer_key,
        max(case when construct = 'nps' then decayed_score end) as nps_score,
        max(case when construct = 'csat' then decayed_score end) as csat_score,
        max(case when construct = 'ces' then decayed_score end) as ces_score,
        max(case when construct = 'review' then decayed_score end) as review_score,
        max(case when construct = 'sentiment' then decayed_score end) as sentiment_score,
        max(case when construct = 'brand_preference' then decayed_score end) as brand_preference_score,
        sum(case when construct <> 'brand_preference' then n_answers else 0 end) as n_answers,
        sum(case when construct <> 'brand_preference' then n_effective_answers else 0 end) as n_effective_answers
    from answers
    group by customer_key
),

weighted as (
    select
        *,
        {{ weighted_sum(scores) }} as score_sum,
        {{ known_weight(scores) }} as weight
    from pivoted
),

final as (
    select
        customer_key,
        nps_score,
        csat_score,
        ces_score,
        review_score,
        sentiment_score,
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as attitude_score,
        brand_preference_score,
        cast(n_answers as integer) as n_answers,
        cast(n_effective_answers as decimal(18, 4)) as n_effective_answers,
        cast({{ divide('weight', total_weight(scores), 4) }} as decimal(9, 4)) as coverage_share
    from weighted
)

select * from final
