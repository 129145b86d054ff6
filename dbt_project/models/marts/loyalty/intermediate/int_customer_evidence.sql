{%- set dimensions = ['behaviour', 'attitude', 'emotion', 'cognition'] -%}
{%- set weights = var('loyalty_dimension_weights') -%}
{%- set scores = {} -%}
{%- for dimension in dimensions -%}{%- do scores.update({dimension ~ '_score': weights[dimension]}) -%}{%- endfor -%}
{%- set total = weights.values() | sum | round(4) %}

with customers as (

    select customer_key from {{ ref('dim_customer') }}

),

behaviour as (

    select * from {{ ref('int_customer_behaviour') }}

),

attitude as (

    select * from {{ ref('int_customer_attitude') }}

),

-- Emotion and cognition are not scored yet: NULL, with no evidence, until their answers are read.
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

-- How far n pieces of evidence are to be trusted: n / (n + k).
trusted as (

    select
        *,
        {% for dimension in dimensions -%}
        {{ divide(
            dimension ~ '_evidence', dimension ~ '_evidence + ' ~ var('loyalty_evidence_prior'), 4
        ) }} as {{ dimension }}_trust_share,
        {% endfor -%}
        {{ weighted_sum(scores) }} as score_sum,
        {{ known_weight(scores) }} as weight
    from dimensions

),

covered as (

    select
        *,
        {% for dimension in dimensions -%}
        {{ multiply(dimension ~ '_coverage_share', dimension ~ '_trust_share', 8, 4, 4) }} as {{ dimension }}_confidence{{ ',' if not loop.last }}
        {% endfor %}
    from trusted

),

summed as (

    select
        *,
        {% for dimension in dimensions -%}
        {{ multiply(dimension ~ '_coverage_share', weights[dimension], 8, 4, 4) }}{{ ' +' if not loop.last }}
        {% endfor -%}
        as covered_weight,
        {% for dimension in dimensions -%}
        {{ multiply(dimension ~ '_confidence', weights[dimension], 8, 8, 4) }}{{ ' +' if not loop.last }}
        {% endfor -%}
        as confidence_weight
    from covered

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
                {% for dimension in dimensions -%}
                case when {{ dimension }}_score is null then '' else '{{ dimension[0] | upper }}' end{{ ' ||' if not loop.last }}
                {% endfor %}
        end as evidence_pattern,
        cast({{ divide('covered_weight', total, 4) }} as decimal(9, 4)) as coverage_share,
        cast({{ divide('confidence_weight', total, 4) }} as decimal(9, 4)) as confidence_share
    from summed

)

select * from final
