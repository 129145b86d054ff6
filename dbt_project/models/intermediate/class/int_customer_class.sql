with customers as (
    select
        customer_key,
        first_seen_on
    from {{ ref('int_customer') }}
),

mart_days as (
    {{ mart_day_rows() }}
),

levels as (
    select * from {{ ref('int_customer_level') }}
),

flags as (
    select * from {{ ref('int_customer_flag') }}
),

regularities as (
    select * from {{ ref('int_customer_regularity') }}
),

discounts as (
    select * from {{ ref('int_customer_discount') }}
),

-- every customer from the first level day on which something of them was known
observed as (
    select
        customers.customer_key,
        mart_days.observed_on,
        coalesce(levels.level, 'prospect') as level,
        coalesce(
            levels.n_purchase_days >= {{ var('loyalty_loyal_purchase_days') }}
            and levels.level not in ('at_risk', 'churned'),
            false
        ) as is_behaviourally_loyal,
        flags.has_high_attitude as is_attitudinally_loyal,
        flags.has_high_emotion as is_emotionally_loyal,
        flags.has_high_cognition as is_cognitively_loyal,
        flags.has_high_preference,
        coalesce(flags.attitude_weight, 0) as attitude_weight,
        coalesce(flags.emotion_weight, 0) as emotion_weight,
        coalesce(flags.cognition_weight, 0) as cognition_weight,
        regularities.is_regular,
        discounts.is_discount_dependent
    from customers
    inner join mart_days
        on customers.first_seen_on <= mart_days.observed_on or mart_days.observed_on = {{ as_of_date() }}
    left join levels
        on customers.customer_key = levels.customer_key and mart_days.observed_on = levels.observed_on
    left join flags
        on customers.customer_key = flags.customer_key and mart_days.observed_on = flags.observed_on
    left join regularities
        on customers.customer_key = regularities.customer_key and mart_days.observed_on = regularities.observed_on
    left join discounts
        on customers.customer_key = discounts.customer_key and mart_days.observed_on = discounts.observed_on
),

classed as (
    select
        *,
        {{ loyalty_class() }} as loyalty_class
    from observed
)

select
    customer_key,
    observed_on,
    level,
    is_behaviourally_loyal,
    is_attitudinally_loyal,
    is_emotionally_loyal,
    is_cognitively_loyal,
    loyalty_class,
    {{ class_confidence() }} as class_confidence,
    {{ loyalty_type() }} as loyalty_type,
    {{ loyalty_quadrant() }} as quadrant
from classed
