with curves as (
    select * from {{ ref('int_level_day') }}
    where observed_on = curve_on
),

spans as (
    select
        *,
        -- in 1e-4 days, rounded down: a silence of exactly n gaps must not count as less
        {{ integer_quotient(
            'cast(bought_number - first_number as bigint) * 10000', '(n_purchase_days - 1)'
        ) }} as gap_e4
    from {{ ref('int_purchase_span') }}
    where n_purchase_days > 1
),

presets as (
    select g0_days from {{ ref('int_industry_settings') }}
),

medians as (
    select
        curves.curve_on,
        count(*) as n_repeat_customers,
        {{ middles('spans.gap_e4') }} as middle_gaps
    from curves
    inner join spans
        on
            curves.curve_on >= spans.bought_on
            and (spans.next_bought_on is null or curves.curve_on < spans.next_bought_on)
    where curves.is_month_end
    group by curves.curve_on
),

chosen as (
    select
        curves.curve_on,
        curves.day_number,
        presets.g0_days as preset_g0_days,
        {{ divide(median_floor('medians.middle_gaps'), '10000', 4, 0) }} as median_g0_days,
        medians.n_repeat_customers
    from curves
    cross join presets
    left join medians on curves.curve_on = medians.curve_on
),

-- the shop's own gap, if the history is long enough to show it and it is clearly another one
decided as (
    select
        *,
        coalesce(
            n_repeat_customers >= {{ var('level_g0_min_customers') }}
            and day_number >= {{ var('level_g0_history_gaps') }} * preset_g0_days
            and day_number >= {{ var('level_g0_history_gaps') }} * median_g0_days
            and (
                median_g0_days > {{ var('level_g0_factor') }} * preset_g0_days
                or preset_g0_days > {{ var('level_g0_factor') }} * median_g0_days
            ),
            false
        ) as is_of_data
    from chosen
),

with_g0 as (
    select
        curve_on,
        day_number,
        case when is_of_data then median_g0_days else preset_g0_days end as g0_days,
        case when is_of_data then 'data' else 'preset' end as g0_basis
    from decided
),

horizons as (
    select
        *,
        {{ level_horizon(var('level_horizon_gaps') ~ ' * g0_days') }} as long_days,
        {{ level_horizon('g0_days') }} as short_days
    from with_g0
),

outcomes as (
    select
        horizons.curve_on,
        count(earlier.month_end_on) as n_long_outcomes
    from horizons
    left join {{ ref('int_earlier_month_end') }} as earlier
        on
            horizons.curve_on = earlier.observed_on
            and earlier.month_end_number + horizons.long_days <= horizons.day_number
    group by horizons.curve_on
)

select
    horizons.curve_on,
    horizons.g0_days,
    horizons.g0_basis,
    case
        when outcomes.n_long_outcomes >= {{ var('level_horizon_min_month_ends') }} then horizons.long_days
        else horizons.short_days
    end as horizon_days
from horizons
inner join outcomes on horizons.curve_on = outcomes.curve_on
