{{ config(materialized='view') }}

with states as (
    select * from {{ ref('int_level_state') }}
),

curve as (
    select * from {{ ref('int_return_curve') }}
),

settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),

attitudes as (
    select * from {{ ref('int_level_attitude') }}
),

-- now, and at the end of the day before the last purchase, by today's curve
looked_up as (
    select
        states.*,
        settings.lapsed_days,
        attitudes.is_disloyal,
        now.return_share,
        now.relative_share,
        now.return_probability,
        now.start_share,
        now.is_at_risk,
        now.is_churn_proven,
        states.silence_days * states.n_purchase_days * 10000 >= states.gap_sum as is_past_a_gap,
        states.n_purchase_days >= {{ var('loyalty_loyal_purchase_days') }} as has_habit,
        before.is_churn_proven as was_churn_proven,
        states.silence_before_days * states.n_before * 10000 >= states.gap_sum_before as was_past_a_gap,
        before.at_risk_from_gaps
    from states
    cross join settings
    left join curve as now
        on states.curve_on = now.curve_on and states.row_name = now.row_name and states.band = now.band
    left join curve as before
        on
            states.curve_on = before.curve_on
            and states.row_name_before = before.row_name
            and states.band_before = before.band
    left join attitudes
        on states.customer_key = attitudes.customer_key and states.observed_on = attitudes.observed_on
),

-- without a curve the limits of the settings decide
broken as (
    select
        *,
        return_share is null as is_preset,
        coalesce(
            case
                when n_before = 0 then false
                when return_share is null
                    then
                        (was_past_a_gap and silence_before_days > greatest(lapsed_days, 2 * horizon_days))
                        or {{ is_silent_for(
                            '(last_gap_days - horizon_days)', var('level_fallback_at_risk_gaps'), 'n_before', 'gap_sum_before'
                        ) }}
                else
                    (was_past_a_gap and was_churn_proven)
                    or {{ was_at_risk_for_a_horizon() }}
            end,
            false
        ) as is_break
    from looked_up
)

select
    customer_key,
    observed_on,
    observed_number,
    bought_on,
    n_purchase_days,
    first_to_last_days,
    age_days,
    silence_days,
    g0_days,
    horizon_days,
    gap_sum,
    return_share,
    relative_share,
    return_probability,
    start_share,
    is_preset,
    is_break,
    coalesce(return_share > {{ var('level_churned_limit_share') }}, false) as is_returning,
    {{ loyalty_level() }} as rule_level
from broken
