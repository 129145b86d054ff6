{{ config(materialized='view') }}

with levels as (
    select * from {{ ref('int_customer_level') }}
),

month_ends as (
    select * from {{ ref('int_earlier_month_end') }}
    where observed_on = {{ as_of_date() }} and month_end_on in ({{ day_list(mart_days()) }})
),

spans as (
    select * from {{ ref('int_purchase_span') }}
)

select
    levels.customer_key,
    levels.observed_on as month_end_on,
    levels.level,
    levels.level_basis,
    levels.g0_days,
    levels.horizon_days,
    levels.return_share,
    case
        when spans.next_number <= month_ends.month_end_number + levels.horizon_days then 1 else 0
    end as is_returned
from levels
inner join month_ends
    on
        levels.observed_on = month_ends.month_end_on
        and month_ends.month_end_number + levels.horizon_days <= month_ends.observed_number
inner join spans
    on
        levels.customer_key = spans.customer_key
        and levels.observed_on >= spans.bought_on
        and (spans.next_bought_on is null or levels.observed_on < spans.next_bought_on)
