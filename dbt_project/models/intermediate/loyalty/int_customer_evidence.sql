{%- set dimensions = ['behaviour', 'attitude', 'emotion', 'cognition'] -%}
{%- set asked = dimensions[1:] -%}
{%- set weights = var('loyalty_dimension_weights') -%}
{%- set scores = {} -%} {%- set coverages = {} -%} {%- set confidences = {} -%}
{%- for name in dimensions -%}
{%- do scores.update({name ~ '_score': weights[name]}) -%}
{%- do coverages.update({name ~ '_coverage_share': weights[name]}) -%}
{%- do confidences.update({name ~ '_confidence_share': weights[name]}) -%}
{%- endfor -%}

with customers as (
    select customer_key from {{ ref('int_customer') }}
),

behaviour as (
    select * from {{ ref('int_customer_behaviour') }}
),

opinions as (
    select * from {{ ref('int_customer_opinion') }}
),

joined as (
    select
        customers.customer_key,
        behaviour.behaviour_score,
        coalesce(behaviour.n_purchase_days, 0) as n_behaviour_evidence,
        cast(coalesce(behaviour.coverage_share, 0) as decimal(9, 4)) as behaviour_coverage_share,
        {%- for name in asked %}
        opinions.{{ name }}_score,
        opinions.{{ name }}_raw_score,
        opinions.{{ name }}_high_share,
        coalesce(opinions.n_{{ name }}_evidence, 0) as n_{{ name }}_evidence,
        coalesce(opinions.n_{{ name }}_answers, 0) as n_{{ name }}_answers,
        cast(coalesce(opinions.{{ name }}_evidence_weight, 0) as decimal(18, 4)) as {{ name }}_evidence_weight,
        cast(coalesce(opinions.{{ name }}_coverage_share, 0) as decimal(9, 4)) as {{ name }}_coverage_share,
        cast(coalesce(opinions.{{ name }}_confidence_share, 0) as decimal(9, 4)) as {{ name }}_confidence_share,
        {%- endfor %}
        opinions.brand_preference_score,
        opinions.brand_preference_raw_score,
        opinions.brand_preference_high_share
    from customers
    left join behaviour on customers.customer_key = behaviour.customer_key
    left join opinions on customers.customer_key = opinions.customer_key
),

with_confidence as (
    select
        *,
        cast(
            {{ evidence_confidence('behaviour_coverage_share', 'n_behaviour_evidence') }} as decimal(9, 4)
        ) as behaviour_confidence_share
    from joined
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
        {%- for name in dimensions %}
        {{ name }}_score,
        {%- if name in asked %}
        {{ name }}_raw_score,
        {{ name }}_high_share,
        {{ name }}_evidence_weight,
        n_{{ name }}_answers,
        {%- endif %}
        n_{{ name }}_evidence,
        {{ name }}_coverage_share,
        {{ name }}_confidence_share,
        {%- endfor %}
        brand_preference_score,
        brand_preference_raw_score,
        brand_preference_high_share,
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as loyalty_score,
        cast({{ divide('attitude_score + emotion_score', '2', 4, 4) }} as decimal(9, 4)) as emotional_stickiness_score,
        -- a known dimension is named even if its weight is 0
        coalesce(
            nullif(
                case when behaviour_score is null then '' else 'B' end
                || case when attitude_score is null then '' else 'A' end
                || case when emotion_score is null then '' else 'E' end
                || case when cognition_score is null then '' else 'C' end,
                ''
            ),
            'none'
        ) as evidence_pattern,
        cast({{ divide('covered_weight', total_weight(scores), 4) }} as decimal(9, 4)) as coverage_share,
        cast({{ divide('confident_weight', total_weight(scores), 4) }} as decimal(9, 4)) as confidence_share
    from summed
)

select * from final
