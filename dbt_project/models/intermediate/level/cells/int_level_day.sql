with shop_days as (
    select * from {{ ref('int_shop_day') }}
),

bounds as (
    select min(day_on) as first_on from shop_days
),

days as (
    {{ date_spine('first_on', as_of_date(), 'bounds') }}
),

-- all month ends of the shop, also those that marts do not have: a level can date from them
listed as (
    select
        date_on as observed_on,
        row_number() over (order by date_on) as observed_number
    from days
    where date_on = {{ month_end('date_on') }} or date_on = {{ as_of_date() }}
),

-- from the last purchase in the shop; a long run of days without any purchase does not count
placed as (
    select
        listed.observed_on,
        listed.observed_number,
        {{ month_end('listed.observed_on') }} = listed.observed_on as is_month_end,
        shop_days.day_on as last_shop_on,
        shop_days.next_on as next_shop_on,
        shop_days.day_number as last_shop_number,
        {{ days_between('listed.observed_on', 'shop_days.day_on') }} as idle_days
    from listed
    inner join shop_days
        on
            listed.observed_on >= shop_days.day_on
            and (shop_days.next_on is null or listed.observed_on < shop_days.next_on)
),

month_ends as (
    select max(observed_on) as last_month_end_on
    from placed
    where is_month_end
)

select
    placed.observed_on,
    placed.observed_number,
    placed.is_month_end,
    case
        when placed.is_month_end then placed.observed_on
        else coalesce(month_ends.last_month_end_on, placed.observed_on)
    end as curve_on,
    placed.last_shop_on,
    placed.next_shop_on,
    placed.last_shop_number,
    placed.idle_days,
    placed.last_shop_number
    + case when placed.idle_days >= {{ var('level_idle_days') }} then 0 else placed.idle_days end as day_number
from placed
cross join month_ends
