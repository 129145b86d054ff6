{%- set asked = ['attitude', 'emotion', 'cognition'] -%}
{%- set measured = [
    'regularity_ratio', 'is_regular', 'favourite_brand', 'favourite_brand_share', 'discount_dependence_share',
    'price_tolerance_score', 'price_premium_share', 'price_tolerance_basis', 'n_referrals', 'n_promoter_answers',
    'active_month_share', 'n_grievances', 'n_grievances_followed', 'tolerance_share', 'tolerance_excess_share'] -%}
with classes as (
    select * from {{ ref('int_customer_class') }}
    where observed_on = {{ as_of_date() }}
),

buyers as (
    select * from {{ ref('int_customer_level') }}
    where observed_on = {{ as_of_date() }}
),

evidence as (
    select * from {{ ref('int_customer_evidence') }}
),

measures as (
    select * from {{ ref('int_customer_measure') }}
),

reasons as (
    select * from {{ ref('int_customer_reason') }}
),

limits as (
    select * from {{ ref('int_level_limit') }}
),

actions as (
    select * from {{ ref('int_customer_action') }}
),

joined as (
    select
        classes.*,
        coalesce(buyers.level_reason, 'rule') as level_reason,
        buyers.level_basis,
        buyers.return_share,
        buyers.return_probability,
        cast(coalesce(buyers.n_purchase_days, 0) as integer) as n_purchase_days,
        buyers.first_to_last_days,
        buyers.age_days,
        buyers.silence_days,
        buyers.own_gap_days,
        cast({{ divide('buyers.silence_days', 'buyers.own_gap_days', 4) }} as decimal(18, 4)) as silence_ratio,
        buyers.is_break as is_last_gap_break,
        buyers.g0_days,
        buyers.horizon_days,
        limits.at_risk_from_silence_days,
        limits.churned_from_silence_days,
        reasons.reason_1,
        reasons.reason_2,
        reasons.reason_3,
        actions.next_action,
        actions.action_reason,
        actions.value_at_stake_amount
    from classes
    inner join reasons on classes.customer_key = reasons.customer_key
    inner join actions on classes.customer_key = actions.customer_key
    left join buyers on classes.customer_key = buyers.customer_key
    left join limits on classes.customer_key = limits.customer_key
),

final as (
    select
        joined.customer_key,
        {{ as_of_date() }} as as_of_on,
        joined.level,
        joined.level_reason,
        joined.level_basis,
        joined.return_share,
        joined.return_probability,
        joined.loyalty_class,
        joined.class_confidence,
        joined.loyalty_type,
        joined.is_behaviourally_loyal,
        joined.is_attitudinally_loyal,
        joined.is_emotionally_loyal,
        joined.is_cognitively_loyal,
        joined.quadrant,
        evidence.loyalty_score,
        evidence.evidence_pattern,
        evidence.coverage_share,
        evidence.confidence_share,
        evidence.behaviour_score,
        evidence.behaviour_coverage_share,
        evidence.behaviour_confidence_share,
        {%- for name in asked %}
        evidence.{{ name }}_score,
        evidence.{{ name }}_raw_score,
        evidence.{{ name }}_high_share,
        cast(evidence.n_{{ name }}_evidence as integer) as n_{{ name }}_evidence,
        {%- if name == 'attitude' %}
        cast(evidence.n_attitude_answers as integer) as n_attitude_answers,
        {%- endif %}
        evidence.{{ name }}_evidence_weight,
        evidence.{{ name }}_coverage_share,
        evidence.{{ name }}_confidence_share,
        {%- endfor %}
        evidence.brand_preference_score,
        evidence.brand_preference_raw_score,
        evidence.brand_preference_high_share,
        joined.n_purchase_days,
        joined.first_to_last_days,
        joined.age_days,
        joined.silence_days,
        joined.own_gap_days,
        joined.silence_ratio,
        joined.is_last_gap_break,
        joined.g0_days,
        {%- for name in measured %}
        measures.{{ name }},
        {%- endfor %}
        evidence.emotional_stickiness_score,
        joined.horizon_days,
        joined.at_risk_from_silence_days,
        joined.churned_from_silence_days,
        joined.reason_1,
        joined.reason_2,
        joined.reason_3,
        joined.next_action,
        joined.action_reason,
        joined.value_at_stake_amount
    from joined
    inner join evidence on joined.customer_key = evidence.customer_key
    left join measures on joined.customer_key = measures.customer_key
)

select * from final
