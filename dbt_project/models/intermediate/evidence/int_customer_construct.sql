with evidence as (
    select * from {{ ref('int_evidence_day') }}
),

means as (
    select * from {{ ref('int_construct_mean') }}
),

shrinkages as (
    select * from {{ ref('int_construct_shrinkage') }}
),

-- A customer who answered in several channels is compared with each of them, by the weight of the answers.
summed as (
    select
        evidence.customer_key,
        evidence.observed_on,
        evidence.dimension,
        evidence.part,
        evidence.construct,
        shrinkages.shrinkage,
        sum(evidence.n_items) as n_items,
        sum(evidence.n_answers) as n_answers,
        sum(evidence.evidence_weight) as evidence_weight,
        sum(evidence.response_weight) as response_weight,
        sum(evidence.weighted_score) as weighted_score,
        sum(evidence.weighted_top) as weighted_top,
        sum({{ multiply('evidence.evidence_weight', 'means.mean_score', 8, 8, 4) }}) as weighted_mean_score,
        sum({{ multiply('evidence.evidence_weight', 'means.mean_top_share', 8, 8, 8) }}) as weighted_mean_top_share,
        max(evidence.latest_on) as latest_on
    from evidence
    inner join means
        on
            evidence.observed_on = means.observed_on
            and evidence.construct = means.construct
            and evidence.channel = means.channel
    inner join shrinkages
        on evidence.observed_on = shrinkages.observed_on and evidence.construct = shrinkages.construct
    group by
        evidence.customer_key,
        evidence.observed_on,
        evidence.dimension,
        evidence.part,
        evidence.construct,
        shrinkages.shrinkage
),

compared as (
    select
        *,
        {{ divide('weighted_mean_score', 'evidence_weight', 4) }} as mean_score,
        {{ divide('weighted_mean_top_share', 'evidence_weight', 6) }} as mean_top_share
    from summed
),

shrunk as (
    select
        *,
        evidence_weight >= {{ var('evidence_known_weight') }} as is_known,
        {{ divide('weighted_score', 'evidence_weight', 4) }} as raw_score,
        {{ divide(
            'weighted_score + ' ~ multiply('shrinkage', 'mean_score', 8, 4, 4), 'evidence_weight + shrinkage', 4
        ) }} as score,
        {{ divide('weighted_top', 'evidence_weight', 6) }} as raw_top_share,
        {{ divide(
            'weighted_top + ' ~ multiply('shrinkage', 'mean_top_share', 8, 4, 8), 'evidence_weight + shrinkage', 6
        ) }} as top_share
    from compared
),

final as (
    select
        customer_key,
        observed_on,
        dimension,
        part,
        construct,
        cast(n_items as integer) as n_items,
        cast(n_answers as integer) as n_answers,
        cast(evidence_weight as decimal(18, 8)) as evidence_weight,
        cast(response_weight as decimal(18, 8)) as response_weight,
        latest_on,
        is_known,
        cast(raw_score as decimal(9, 4)) as raw_score,
        cast(score as decimal(9, 4)) as score,
        cast(raw_top_share as decimal(9, 6)) as raw_top_share,
        cast(top_share as decimal(9, 6)) as top_share,
        case when is_known then {{ is_high_share('top_share', 'raw_top_share') }} end as is_high
    from shrunk
)

select * from final
