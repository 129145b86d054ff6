{%- set weights = var('loyalty_dimension_weights') %}
{%- set scores = {
    'behaviour_score': weights.behaviour,
    'attitude_score': weights.attitude,
    'emotion_score': weights.emotion,
    'cognition_score': weights.cognition,
} %}
{%- set coverages = {
    'behaviour_coverage_share': weights.behaviour,
    'attitude_coverage_share': weights.attitude,
    'emotion_coverage_share': weights.emotion,
    'cognition_coverage_share': weights.cognition,
} %}
{%- set confidences = {
    'behaviour_confidence_share': weights.behaviour,
    'attitude_confidence_share': weights.attitude,
    'emotion_confidence_share': weights.emotion,
    'cognition_confidence_share': weights.cognition,
} %}

with customers as (
    select customer_key from {{ ref('int_customer') }}
),

behaviour as (
    select * from {{ ref('int_customer_behaviour') }}
),

attitude as (
    select * from {{ ref('int_customer_attitude') }}
),

-- Emotion and cognition are not scored yet. Their scores are NULL and their evidence is 0.
dimensions as (
    select
        customers.customer_key,
        behaviour.behaviour_score,
        cast(coalesce(behaviour.coverage_share, 0) as decimal(9, 4)) as behaviour_coverage_share,
        cast(coalesce(behaviour.n_purchase_days, 0) as decimal(18, 4)) as behaviour_evidence,
        attitude.attitude_score,
        attitude.brand_preference_score,
        cast(coalesce(attitude.coverage_share, 0) as decimal(9, 4)) as attitude_coverage_share,
        coalesce(attitude.n_answers, 0) as n_attitude_answers,
        cast(coalesce(attitude.n_effective_answers, 0) as decimal(18, 4)) as attitude_evidence,
        cast(null as decimal(9, 4)) as emotion_score,
        cast(0 as decimal(9, 4)) as emotion_coverage_share,
        cast(0 as decimal(18, 4)) as emotion_evidence,
        cast(null as decimal(9, 4)) as cognition_score,
        cast(0 as decimal(9, 4)) as cognition_coverage_share,
        cast(0 as decimal(18, 4)) as cognition_evidence
    from customers
    left join behaviour on customers.customer_key = behaviour.customer_key
    left join attitude on customers.customer_key = attitude.customer_key
),

with_confidence as (
    select
        *,
        {{ evidence_confidence('behaviour_coverage_share', 'behaviour_evidence') }} as behaviour_confidence_share,
        {{ evidence_confidence('attitude_coverage_share', 'attitude_evidence') }} as attitude_confidence_share,
        {{ evidence_confidence('emotion_coverage_share', 'emotion_evidence') }} as emotion_confidence_share,
        {{ evidence_confidence('cognition_coverage_share', 'cognition_evidence') }} as cognition_confidence_share
    from dimensions
),

summed as (
    select
        *,
        {{ weighted_sum(scores) }} as score_sum,
        {{ known_weight(scores) }} as weight,
        {{ weighted_sum(coverages) }} as covered_weight,
        {{ weighted_sum(confidences) }} as confident_weight
    from with_confidence
),

final as (
    select
        customer_key,
        behaviour_score,
        behaviour_coverage_share,
        attitude_score,
        attitude_coverage_share,
        brand_preference_score,
        n_attitude_answers,
        emotion_score,
        cognition_score,
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as loyalty_score,
        case
            when weight = 0 then 'none'
            else
                case when behaviour_score is null then '' else 'B' end
                || case when attitude_score is null then '' else 'A' end
                || case when emotion_score is null then '' else 'E' end
                || case when cognition_score is null then '' else 'C' end
        end as evidence_pattern,
        cast({{ divide('covered_weight', total_weight(scores), 4) }} as decimal(9, 4)) as coverage_share,
        cast({{ divide('confident_weight', total_weight(scores), 4) }} as decimal(9, 4)) as confidence_share
    from summed
)

select * from final
