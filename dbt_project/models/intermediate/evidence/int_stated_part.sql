{{ config(materialized='view') }}

{%- set means = {'raw_score': 4, 'score': 4, 'raw_top_share': 6, 'top_share': 6} %}

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
        {%- for mean in means %}
        sum(case when is_known then {{ mean }} end) as {{ mean }}_sum,
        {%- endfor %}
        sum(case when is_known then 1 else 0 end) as n_known,
        max(case when is_known and n_answers > 0 then 1 else 0 end) = 1 as is_answered
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
        -- most parts have one construct, and a division takes long
        {%- for mean, decimals in means.items() %}
        cast(
            case
                when n_known = 1 then {{ mean }}_sum
                else {{ divide(mean ~ '_sum', 'n_known', decimals, decimals) }}
            end as decimal(9, {{ decimals }})
        ) as {{ mean }},
        {%- endfor %}
        n_known > 0 as is_known,
        is_answered
    from summed
)

select * from final
