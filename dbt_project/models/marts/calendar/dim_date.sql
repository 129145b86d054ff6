with first_days as (
    select min(ordered_on) as first_on from {{ ref('fct_order') }}
    union all
    select min(returned_on) as first_on from {{ ref('fct_return') }}
    union all
    select min(answered_on) as first_on from {{ ref('fct_survey_answer') }}
    union all
    select min(first_seen_on) as first_on from {{ ref('dim_customer') }}
),

bounds as (
    select
        cast(date_trunc('year', coalesce(min(first_on), {{ as_of_date() }})) as date)
            as first_on,
        {{ as_of_date() }} as last_on
    from first_days
),

days as (
    {{ date_spine('first_on', 'last_on', 'bounds') }}
)

select
    date_on,
    cast(extract(year from date_on) as integer) as year,
    cast(extract(quarter from date_on) as integer) as quarter,
    cast(extract(month from date_on) as integer) as month,
    {{ month_start('date_on') }} as month_start_on,
    {{ month_end('date_on') }} as month_end_on,
    cast(extract(week from date_on) as integer) as iso_week,
    {{ iso_day_of_week('date_on') }} as day_of_week,
    {{ iso_day_of_week('date_on') }} >= 6 as is_weekend,
    date_on = {{ month_end('date_on') }} as is_month_end
from days
