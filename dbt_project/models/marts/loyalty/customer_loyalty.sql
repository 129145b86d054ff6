{%- set asked = ['attitude', 'emotion', 'cognition'] -%}
with patronage as (
    select * from {{ ref('int_customer_patronage') }}
),

evidence as (
    select * from {{ ref('int_customer_evidence') }}
),

levels as (
    select * from {{ ref('loyalty_levels') }}
),

quadrants as (
    select * from {{ ref('loyalty_quadrants') }}
),

classed as (
    select
        patronage.*,
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
        evidence.brand_preference_raw_score,
        {{ loyalty_level(
            'patronage.n_purchase_days', 'patronage.silence_ratio', 'patronage.silence_days',
            'patronage.days_since_comeback', 'patronage.age_days', 'patronage.first_to_last_days',
            'evidence.attitude_raw_score', 'patronage.g0_days', 'patronage.lapsed_days'
        ) }} as level,
        {{ loyalty_quadrant(
            'patronage.n_purchase_days', 'patronage.silence_ratio',
            'evidence.attitude_raw_score', 'evidence.brand_preference_raw_score'
        ) }} as quadrant
    from patronage
    inner join evidence on patronage.customer_key = evidence.customer_key
),

final as (
    select
        classed.customer_key,
        {{ as_of_date() }} as as_of_on,
        classed.level,
        levels.label_en as level_label_en,
        levels.label_zh as level_label_zh,
        classed.quadrant,
        quadrants.label_en as quadrant_label_en,
        quadrants.label_zh as quadrant_label_zh,
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
        classed.silence_days,
        classed.own_gap_days,
        classed.silence_ratio,
        classed.days_since_comeback
    from classed
    left join levels on classed.level = levels.level
    left join quadrants on classed.quadrant = quadrants.quadrant
)

select * from final
