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

final as (
    select
        customer_key,
        {{ as_of_date() }} as as_of_on,
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
        {{ as_of_date() }} as as_of_on,
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
)

select * from final
