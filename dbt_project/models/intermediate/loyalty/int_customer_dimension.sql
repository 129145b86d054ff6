{%- set means = ['raw_score', 'score', 'raw_top_share', 'top_share'] -%}
with parts as (
    select * from {{ ref('int_customer_part') }}
    where weight > 0
),

summed as (
    select
        customer_key,
        observed_on,
        dimension,
        sum(n_items) as n_evidence,
        sum(n_answers) as n_answers,
        sum(response_weight) as response_weight,
        max(latest_on) as latest_on,
        {%- for mean in means %}
        sum({{ multiply(mean, 'weight', 8, 8, 4) }}) as {{ mean }}_sum,
        {%- endfor %}
        sum(case when is_known then weight else 0 end) as known_weight,
        sum(case when is_answered then weight else 0 end) as answered_weight
    from parts
    group by customer_key, observed_on, dimension
),

-- Emotion rests on what customers say: what they do is not enough.
decided as (
    select
        *,
        known_weight > 0
        and (dimension <> 'emotion' or answered_weight >= {{ var('evidence_emotion_answered_share') }}) as is_known
    from summed
),

means as (
    select
        customer_key,
        observed_on,
        dimension,
        cast(n_evidence as integer) as n_evidence,
        cast(n_answers as integer) as n_answers,
        cast(response_weight as decimal(18, 4)) as evidence_weight,
        latest_on,
        is_known,
        {%- for mean in means %}
        case when is_known then {{ divide(mean ~ '_sum', 'known_weight', 6) }} end as {{ mean }},
        {%- endfor %}
        cast(case when is_known then known_weight else 0 end as decimal(9, 4)) as coverage_share
    from decided
),

final as (
    select
        customer_key,
        observed_on,
        dimension,
        is_known,
        cast(score as decimal(9, 4)) as score,
        cast(raw_score as decimal(9, 4)) as raw_score,
        n_evidence,
        n_answers,
        evidence_weight,
        latest_on,
        coverage_share,
        {{ evidence_confidence('coverage_share', 'evidence_weight') }} as confidence_share,
        evidence_weight < {{ var('evidence_low_confidence_weight') }} as is_low_confidence,
        cast(top_share as decimal(9, 6)) as top_share,
        cast(raw_top_share as decimal(9, 6)) as raw_top_share,
        {{ is_high_share('top_share', 'raw_top_share') }} as is_high
    from means
)

select * from final
