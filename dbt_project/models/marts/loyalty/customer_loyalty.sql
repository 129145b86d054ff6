{%- set asked = ['attitude', 'emotion', 'cognition'] -%}
{%- set measured = [
    'regularity_ratio', 'is_regular', 'favourite_brand', 'favourite_brand_share', 'discount_dependence_share',
    'price_tolerance_score', 'price_premium_share', 'price_tolerance_basis', 'n_referrals', 'n_promoter_answers',
    'active_month_share', 'n_grievances', 'n_grievances_followed', 'tolerance_share', 'tolerance_excess_share'
] -%}
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

leveled as (
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
        buyers.is_break,
        buyers.g0_days,
        buyers.horizon_days
    from classes
    left join buyers on classes.customer_key = buyers.customer_key
),

classed as (
    select
        leveled.*,
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
        evidence.n_{{ name }}_evidence,
        evidence.{{ name }}_evidence_weight,
        evidence.{{ name }}_coverage_share,
        evidence.{{ name }}_confidence_share,
        {%- endfor %}
        evidence.n_attitude_answers,
        evidence.brand_preference_score,
        evidence.brand_preference_raw_score
    from leveled
    inner join evidence on leveled.customer_key = evidence.customer_key
),

final as (
    select
        classed.customer_key,
        {{ as_of_date() }} as as_of_on,
        classed.level,
        classed.level_reason,
        classed.level_basis,
        classed.return_share,
        classed.return_probability,
        classed.loyalty_class,
        classed.class_confidence,
        classed.loyalty_type,
        classed.is_behaviourally_loyal,
        classed.is_attitudinally_loyal,
        classed.is_emotionally_loyal,
        classed.is_cognitively_loyal,
        classed.quadrant,
        classed.loyalty_score,
        classed.evidence_pattern,
        classed.coverage_share,
        classed.confidence_share,
        classed.behaviour_score,
        classed.behaviour_coverage_share,
        classed.behaviour_confidence_share,
        {%- for name in asked %}
        classed.{{ name }}_score,
        classed.{{ name }}_raw_score,
        cast(classed.n_{{ name }}_evidence as integer) as n_{{ name }}_evidence,
        {%- if name == 'attitude' %}
        cast(classed.n_attitude_answers as integer) as n_attitude_answers,
        {%- endif %}
        classed.{{ name }}_evidence_weight,
        classed.{{ name }}_coverage_share,
        classed.{{ name }}_confidence_share,
        {%- endfor %}
        classed.brand_preference_score,
        classed.brand_preference_raw_score,
        classed.n_purchase_days,
        classed.first_to_last_days,
        classed.age_days,
        classed.silence_days,
        classed.own_gap_days,
        classed.silence_ratio,
        classed.is_break as is_last_gap_break,
        classed.g0_days,
        {%- for name in measured %}
        measures.{{ name }},
        {%- endfor %}
        classed.horizon_days,
        reasons.reason_1,
        reasons.reason_2,
        reasons.reason_3
    from classed
    inner join reasons on classed.customer_key = reasons.customer_key
    left join measures on classed.customer_key = measures.customer_key
)

select * from final
