with grievances as (
    select * from {{ ref('int_grievance') }}
),

days as (
    select
        level_days.observed_on,
        horizons.g0_days
    from {{ ref('int_level_day') }} as level_days
    inner join {{ ref('int_level_horizon') }} as horizons on level_days.curve_on = horizons.curve_on
    where level_days.observed_on in ({{ day_list(mart_days()) }})
),

levels as (
    select
        customer_key,
        observed_on,
        horizon_days,
        start_share
    from {{ ref('int_customer_level') }}
),

-- two of the customer's own gaps, as the gap was on the day of the grievance
measured as (
    select
        grievances.*,
        days.observed_on,
        cast(round({{ divide(
            '2 * days.g0_days + 2 * grievances.first_to_last_days', 'grievances.n_purchase_days', 4, 4
        ) }}, 0) as integer) as two_gaps_days
    from grievances
    inner join days on grievances.grieved_on <= days.observed_on
),

windowed as (
    select
        *,
        case
            when two_gaps_days < {{ var('measure_tolerance_min_days') }} then {{ var('measure_tolerance_min_days') }}
            when two_gaps_days > {{ var('measure_tolerance_max_days') }} then {{ var('measure_tolerance_max_days') }}
            else two_gaps_days
        end as window_days
    from measured
),

closed as (
    select
        *,
        case
            when {{ days_between('next_bought_on', 'grieved_on') }} <= window_days then 1
            else 0
        end as is_followed
    from windowed
    where {{ add_days('grieved_on', 'window_days') }} <= observed_on
),

-- how often customers with this history buy within the window, with or without a grievance
expected as (
    select
        closed.customer_key,
        closed.observed_on,
        closed.grieved_on,
        closed.is_followed,
        {{ fixed(
            '1 - power(1 - cast(levels.start_share as double), cast(closed.window_days as double) / levels.horizon_days)'
        ) }} as usual_share
    from closed
    left join levels on closed.customer_key = levels.customer_key and closed.observed_on = levels.observed_on
),

summed as (
    select
        customer_key,
        observed_on,
        max(grieved_on) as latest_on,
        count(*) as n_grievances,
        sum(is_followed) as n_followed,
        count(usual_share) as n_usual,
        cast(sum(usual_share) as decimal(18, 8)) as usual_sum
    from expected
    group by customer_key, observed_on
),

usual as (
    select
        *,
        case when n_usual = n_grievances then {{ divide('usual_sum', 'n_grievances', 8) }} end as usual_share
    from summed
),

final as (
    select
        customer_key,
        observed_on,
        latest_on,
        cast(n_grievances as integer) as n_grievances,
        cast(n_followed as integer) as n_grievances_followed,
        usual_share as usual_return_share,
        cast({{ divide('n_followed + 2 * usual_share', 'n_grievances + 2', 4) }} as decimal(9, 4)) as tolerance_share,
        cast({{ divide('n_followed - n_grievances * usual_share', 'n_grievances + 2', 4) }} as decimal(9, 4))
            as tolerance_excess_share
    from usual
)

select * from final
