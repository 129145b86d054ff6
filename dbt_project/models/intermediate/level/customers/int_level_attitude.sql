{{ config(materialized='view') }}

with parts as (
    select * from {{ ref('int_stated_part') }}
    where dimension = 'attitude' and weight > 0
),

summed as (
    select
        customer_key,
        observed_on,
        cast(sum(response_weight) as decimal(18, 4)) as evidence_weight,
        sum({{ multiply('raw_score', 'weight', 8, 8, 4) }}) as raw_score_sum,
        sum(case when is_known then weight else 0 end) as known_weight
    from parts
    group by customer_key, observed_on
),

-- the same attitude as in int_customer_dimension, which reads levels
means as (
    select
        customer_key,
        observed_on,
        evidence_weight,
        cast({{ divide('raw_score_sum', 'known_weight', 6) }} as decimal(9, 4)) as raw_score
    from summed
)

select
    customer_key,
    observed_on,
    coalesce(
        evidence_weight >= {{ var('level_disloyal_evidence_weight') }}
        and raw_score < {{ var('loyalty_disloyal_attitude') }},
        false
    ) as is_disloyal
from means
