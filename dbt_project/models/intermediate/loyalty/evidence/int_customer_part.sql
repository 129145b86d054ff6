{{ config(materialized='view') }}

with constructs as (
    select * from {{ ref('int_customer_construct') }}
),

-- A part of several constructs (bond, service, knowledge) is the mean of those that are known.
summed as (
    select
        customer_key,
        observed_on,
        dimension,
        part,
        sum(n_items) as n_items,
        sum(n_answers) as n_answers,
        sum(evidence_weight) as evidence_weight,
        sum(response_weight) as response_weight,
        max(latest_on) as latest_on,
        sum(case when is_known then 1 else 0 end) as n_known,
        max(case when is_known and n_answers > 0 then 1 else 0 end) = 1 as is_answered,
        sum(case when is_known then raw_score end) as raw_score_sum,
        sum(case when is_known then score end) as score_sum,
        sum(case when is_known then raw_top_share end) as raw_top_share_sum,
        sum(case when is_known then top_share end) as top_share_sum
    from constructs
    group by customer_key, observed_on, dimension, part
),

final as (
    select
        customer_key,
        observed_on,
        dimension,
        part,
        {{ part_weight('dimension', 'part') }} as weight,
        cast(n_items as integer) as n_items,
        cast(n_answers as integer) as n_answers,
        cast(evidence_weight as decimal(18, 8)) as evidence_weight,
        cast(response_weight as decimal(18, 8)) as response_weight,
        latest_on,
        n_known > 0 as is_known,
        is_answered,
        cast({{ divide('raw_score_sum', 'n_known', 4, 4) }} as decimal(9, 4)) as raw_score,
        cast({{ divide('score_sum', 'n_known', 4, 4) }} as decimal(9, 4)) as score,
        cast({{ divide('raw_top_share_sum', 'n_known', 6, 6) }} as decimal(9, 6)) as raw_top_share,
        cast({{ divide('top_share_sum', 'n_known', 6, 6) }} as decimal(9, 6)) as top_share
    from summed
)

select * from final
