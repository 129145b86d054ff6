{{ config(materialized='view') }}

with mart_days as (
    {{ mart_day_rows() }}
),

month_ends as (
    select
        observed_on,
        observed_number
    from mart_days
    where is_month_end
),

classes as (
    select * from {{ ref('int_customer_class') }}
),

customers as (
    select
        customer_key,
        first_seen_on
    from {{ ref('int_customer') }}
),

segments as (
    select * from {{ ref('int_customer_rfm') }}
),

final as (
    select
        classes.customer_key,
        classes.observed_on,
        month_ends.observed_number,
        classes.level,
        classes.loyalty_class,
        classes.quadrant,
        classes.loyalty_type,
        coalesce(segments.rfm_segment, 'no_purchase') as rfm_segment
    from classes
    inner join month_ends on classes.observed_on = month_ends.observed_on
    -- int_customer_class also has those without a date, on the as-of day only
    inner join customers
        on classes.customer_key = customers.customer_key and classes.observed_on >= customers.first_seen_on
    left join segments
        on classes.customer_key = segments.customer_key and classes.observed_on = segments.observed_on
)

select * from final
