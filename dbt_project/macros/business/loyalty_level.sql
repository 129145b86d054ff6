{#-
The level of a customer on one day: exactly one, by the first rule that is true. This is a macro, so that the level on
any day follows the same rules.

    n_purchase_days         purchase days up to that day, 0 or NULL if there are none
    silence_ratio           days since the last purchase / the customer's purchase gap
    silence_days            days since the last purchase
    days_since_comeback     days since the last purchase that ended a long gap (int_customer_comeback), NULL if none
    age_days                days since the first purchase
    first_to_last_days      days from the first purchase to the last
    attitude_score          0 to 100, NULL if unknown
    g0_days, lapsed_days    of int_industry_settings
-#}
{% macro loyalty_level(
    n_purchase_days, silence_ratio, silence_days, days_since_comeback, age_days, first_to_last_days, attitude_score,
    g0_days, lapsed_days
) -%}
    case
        when coalesce({{ n_purchase_days }}, 0) = 0 then 'prospect'
        when {{ silence_ratio }} > {{ var('loyalty_churned_silence') }} or {{ silence_days }} > {{ lapsed_days }} then 'churned'
        when {{ silence_ratio }} > {{ var('loyalty_at_risk_silence') }} then 'at_risk'
        when {{ days_since_comeback }} <= {{ var('loyalty_comeback_g0') }} * {{ g0_days }} then 'won_back'
        when {{ age_days }} <= {{ g0_days }} and {{ n_purchase_days }} < {{ var('loyalty_loyal_purchase_days') }} then 'new'
        when
            {{ n_purchase_days }} >= {{ var('loyalty_loyal_purchase_days') }}
            and {{ first_to_last_days }} >= {{ g0_days }}
            and coalesce({{ attitude_score }}, 100) >= {{ var('loyalty_disloyal_attitude') }}
            then 'loyal'
        else 'potential'
    end
{%- endmacro %}
