with states as (
    select
        *,
        cast(n_purchase_days as bigint) * 10000 as gap_divisor,
        case
            when n_purchase_days < {{ var('loyalty_loyal_purchase_days') }}
                then cast(floor(g0_days - first_to_last_days) as integer) + 1
            else 0
        end as not_new_from_days
    from {{ ref('int_level_state') }}
    where observed_on = {{ as_of_date() }}
),

settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),

-- a longer silence never improves a band, so the first one says from when on
edges as (
    select
        curve_on,
        row_name,
        min(case when is_at_risk then lower_gaps end) as at_risk_gaps,
        min(case when is_churn_proven then case when lower_gaps < 1 then 1 else lower_gaps end end) as churned_gaps
    from {{ ref('int_return_curve') }}
    group by curve_on, row_name
),

-- whole days: gap_sum / gap_divisor is the own gap, and the edges are quarters of it
counted as (
    select
        states.customer_key,
        states.not_new_from_days,
        {%- for level in ['at_risk', 'churned'] %}
        {{ integer_quotient(
            'cast(4 * edges.' ~ level ~ '_gaps as bigint) * states.gap_sum + 4 * states.gap_divisor - 1',
            '(4 * states.gap_divisor)'
        ) }} as {{ level }}_days,
        {%- endfor %}
        {{ integer_quotient(
            'cast(' ~ var('level_fallback_at_risk_gaps') ~ ' * states.gap_sum as bigint)', 'states.gap_divisor'
        ) }} + 1 as at_risk_preset_days,
        greatest(
            greatest(settings.lapsed_days, 2 * states.horizon_days) + 1,
            {{ integer_quotient('states.gap_sum + states.gap_divisor - 1', 'states.gap_divisor') }}
        ) as churned_preset_days,
        edges.curve_on is null as is_preset
    from states
    cross join settings
    left join edges on states.curve_on = edges.curve_on and states.row_name = edges.row_name
),

decided as (
    select
        customer_key,
        not_new_from_days,
        case when is_preset then at_risk_preset_days else at_risk_days end as at_risk_days,
        case when is_preset then churned_preset_days else churned_days end as churned_days
    from counted
),

not_new as (
    select
        customer_key,
        case when at_risk_days < not_new_from_days then not_new_from_days else at_risk_days end as at_risk_days,
        case when churned_days < not_new_from_days then not_new_from_days else churned_days end as churned_days
    from decided
)

-- a customer who is churned on or before the first day at risk is never at risk
select
    customer_key,
    cast(
        case when churned_days <= at_risk_days then null else at_risk_days end as integer
    ) as at_risk_from_silence_days,
    cast(churned_days as integer) as churned_from_silence_days
from not_new
