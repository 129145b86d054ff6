{{ config(materialized='view') }}

with stated as (
    select * from {{ ref('int_stated_part') }}
    where not (dimension = 'emotion' and part = 'price_tolerance')
),

answered as (
    select * from {{ ref('int_stated_part') }}
    where dimension = 'emotion' and part = 'price_tolerance'
),

measured as (
    select * from {{ ref('int_measured_part') }}
),

-- an answer on price tolerance precedes what prices show, as long as it counts
compared as (
    select
        coalesce(measured.customer_key, answered.customer_key) as customer_key,
        coalesce(measured.observed_on, answered.observed_on) as observed_on,
        'emotion' as dimension,
        coalesce(measured.part, answered.part) as part,
        case when answered.is_known or measured.part is null then 0 else 1 end as n_measured,
        coalesce(answered.n_items, 0) as n_items,
        coalesce(answered.n_answers, 0) as n_answers,
        answered.evidence_weight,
        coalesce(answered.response_weight, 0) as response_weight,
        answered.latest_on as answered_on,
        measured.latest_on as measured_on,
        coalesce(answered.is_answered, false) as is_answered,
        {%- for mean in ['raw_score', 'score', 'raw_top_share', 'top_share'] %}
        case when answered.is_known then answered.{{ mean }} else measured.{{ mean }} end as {{ mean }},
        {%- endfor %}
        coalesce(answered.is_known, false) or measured.part is not null as is_known
    from measured
    full outer join answered
        on
            measured.customer_key = answered.customer_key
            and measured.observed_on = answered.observed_on
            and measured.part = answered.part
),

final as (
    select
        customer_key,
        observed_on,
        dimension,
        part,
        weight,
        n_items,
        n_answers,
        evidence_weight,
        response_weight,
        latest_on,
        is_known,
        is_answered,
        raw_score,
        score,
        raw_top_share,
        top_share
    from stated

    union all

    select
        customer_key,
        observed_on,
        dimension,
        part,
        {{ part_weight('dimension', 'part') }} as weight,
        n_items + n_measured as n_items,
        n_answers,
        evidence_weight,
        cast(response_weight as decimal(18, 8)) as response_weight,
        case when n_measured = 1 then measured_on else answered_on end as latest_on,
        is_known,
        is_answered,
        raw_score,
        score,
        raw_top_share,
        top_share
    from compared
)

select * from final
