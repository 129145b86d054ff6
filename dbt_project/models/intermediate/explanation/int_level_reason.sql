{{ config(materialized='view') }}

with levels as (
    select * from {{ ref('int_customer_level') }}
    where observed_on = {{ as_of_date() }}
),

attitudes as (
    select * from {{ ref('int_level_attitude') }}
    where observed_on = {{ as_of_date() }}
),

decided as (
    select
        levels.*,
        attitudes.is_disloyal
    from levels
    left join attitudes on levels.customer_key = attitudes.customer_key
)

select
    customer_key,
    {{ level_rule() }} as level_rule
from decided
