{%- set dimensions = var('loyalty_dimension_weights') -%}
with bought as (
    select * from {{ ref('int_behaviour_part') }}
    where raw_value is not null
),

stated as (
    select * from {{ ref('int_customer_part') }}
    where observed_on = {{ as_of_date() }}
),

known_dimensions as (
    select
        customer_key,
        dimension
    from {{ ref('int_customer_dimension') }}
    where observed_on = {{ as_of_date() }} and is_known
),

parts as (
    select
        customer_key,
        'behaviour' as dimension,
        part,
        raw_value,
        score,
        weight,
        weight > 0 and score is not null as is_counted,
        n_purchase_days as n_evidence,
        cast(null as decimal(18, 4)) as evidence_weight,
        cast(null as decimal(9, 6)) as raw_top_share,
        cast(null as decimal(9, 6)) as top_share,
        last_purchase_on as latest_on
    from bought

    union all

    select
        stated.customer_key,
        stated.dimension,
        stated.part,
        cast(stated.raw_score as decimal(18, 4)) as raw_value,
        stated.score,
        stated.weight,
        stated.weight > 0 and stated.is_known and known_dimensions.customer_key is not null as is_counted,
        stated.n_items as n_evidence,
        cast(stated.evidence_weight as decimal(18, 4)) as evidence_weight,
        stated.raw_top_share,
        stated.top_share,
        stated.latest_on
    from stated
    left join known_dimensions
        on stated.customer_key = known_dimensions.customer_key and stated.dimension = known_dimensions.dimension
),

-- everyone who made a referral has 100, so the mean would make it no reason for anything
means as (
    select
        dimension,
        part,
        case when part = 'referrals' then 50 else {{ divide('sum(score)', 'count(*)', 4, 4) }} end as mean_score
    from parts
    where is_counted
    group by dimension, part
),

dimension_weights as (
    select
        customer_key,
        dimension,
        sum(weight) as part_weight,
        cast(
            case dimension
                {%- for name, weight in dimensions.items() %}
                when '{{ name }}' then {{ weight }}
                {%- endfor %}
            end
            as decimal(9, 4)
        ) as dimension_weight
    from parts
    where is_counted
    group by customer_key, dimension
),

totals as (
    select
        *,
        sum(dimension_weight) over (partition by customer_key) as known_weight
    from dimension_weights
),

compared as (
    select
        parts.*,
        cast(means.mean_score as decimal(9, 4)) as mean_score,
        cast(
            {{ divide(
                multiply('totals.dimension_weight', 'parts.weight', 8, 4, 4),
                multiply('totals.known_weight', 'totals.part_weight', 8, 4, 4),
                8, 8
            ) }}
            as decimal(9, 8)
        ) as score_share
    from parts
    left join totals
        on parts.is_counted and parts.customer_key = totals.customer_key and parts.dimension = totals.dimension
    left join means
        on parts.is_counted and parts.dimension = means.dimension and parts.part = means.part
),

final as (
    select
        *,
        cast({{ multiply('score_share', 'score - mean_score', 4, 8, 4) }} as decimal(9, 4)) as score_effect
    from compared
)

select * from final
