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

customers as (
    select * from {{ ref('int_customer_month_end') }}
),

compared as (
    select
        *,
        lag(level) over of_customer as previous_level,
        lag(loyalty_class) over of_customer as previous_class,
        lag(quadrant) over of_customer as previous_quadrant,
        lag(loyalty_type) over of_customer as previous_type,
        lag(rfm_segment) over of_customer as previous_rfm_segment
    from customers
    window of_customer as (partition by customer_key order by observed_on)
),

changes as (
    select *
    from compared
    where
        previous_level is null
        or level <> previous_level
        or loyalty_class <> previous_class
        or quadrant <> previous_quadrant
        or loyalty_type <> previous_type
        or rfm_segment <> previous_rfm_segment
),

periods as (
    select
        *,
        lead(observed_number) over (partition by customer_key order by observed_on) as next_number
    from changes
),

last_month_end as (
    select max(observed_number) as last_number from month_ends
)

select
    {{ as_of_date() }} as as_of_on,
    periods.customer_key,
    periods.observed_on as valid_from_on,
    ends.observed_on as valid_to_on,
    cast(
        coalesce(periods.next_number, last_month_end.last_number + 1) - periods.observed_number as integer
    ) as n_month_ends,
    periods.previous_level is null as is_first,
    periods.level,
    periods.loyalty_class,
    periods.quadrant,
    periods.loyalty_type,
    periods.rfm_segment,
    periods.previous_level,
    periods.previous_class,
    periods.previous_quadrant,
    periods.previous_type,
    periods.previous_rfm_segment
from periods
cross join last_month_end
left join month_ends as ends on periods.next_number - 1 = ends.observed_number
