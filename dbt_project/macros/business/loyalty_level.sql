{#-
The decision table of the level for a customer with at least one purchase day; the first rule that holds. The columns are
those of int_level_rule.
-#}
{% macro loyalty_level() -%}
    case
        when age_days <= g0_days and not has_habit then 'new'
        when is_past_a_gap and (is_churn_proven or is_preset and silence_days > greatest(lapsed_days, 2 * horizon_days))
            then 'churned'
        when is_preset and {{ is_silent_for('silence_days', var('level_fallback_at_risk_gaps'), 'n_purchase_days', 'gap_sum') }}
            then 'at_risk'
        when not is_preset and is_at_risk then 'at_risk'
        when is_break and silence_days <= horizon_days then 'won_back'
        when has_habit and first_to_last_days >= g0_days and not is_break and not coalesce(is_disloyal, false) then 'loyal'
        else 'potential'
    end
{%- endmacro %}

{#- Whether a silence is longer than a number of own gaps. -#}
{% macro is_silent_for(silence_days, gaps, n, gap_sum) -%}
    {{ silence_days }} * {{ n }} * 10000 > {{ gaps }} * {{ gap_sum }}
{%- endmacro %}

{#-
Whether, by the return curve, the customer had been at risk for at least the horizon before the last purchase. The lower
edge of a band belongs to the band, so the comparison is >=. Without a curve, a customer is at risk only after more than
the limit: use is_silent_for. The columns are those of int_level_rule.
-#}
{% macro was_at_risk_for_a_horizon() -%}
    (last_gap_days - horizon_days) * n_before * 10000 >= at_risk_from_gaps * gap_sum_before
{%- endmacro %}

{#- The order of levels, worst first: a silence never moves a customer to a better level. -#}
{% macro level_rank(level) -%}
    case {{ level }} when 'churned' then 0 when 'at_risk' then 1 when 'loyal' then 3 else 2 end
{%- endmacro %}

{#- A level as one digit, so that a level and a day make one number, and back. -#}
{% macro level_codes() -%}
    {{ return(['churned', 'at_risk', 'new', 'won_back', 'potential', 'loyal']) }}
{%- endmacro %}

{% macro level_code(level) -%}
    case {{ level }} {%- for name in level_codes() %} when '{{ name }}' then {{ loop.index0 }} {%- endfor %} end
{%- endmacro %}

{% macro level_of_code(code) -%}
    case {{ code }} {%- for name in level_codes() %} when {{ loop.index0 }} then '{{ name }}' {%- endfor %} end
{%- endmacro %}

{#-
Which rule decided the level, for a customer with at least one purchase day: a code of the code set `reason`. Its columns
are those of int_customer_level, and is_disloyal. For `potential` it is the first condition of `loyal` that does not hold.
-#}
{% macro level_rule() -%}
    case
        when level_reason = 'recalibrated' then 'recalibrated'
        when level_reason = 'silence' then 'held_in_silence'
        when level = 'new' then 'first_purchase_recent'
        when level = 'churned' and level_basis = 'curve' then 'few_come_back'
        when level = 'churned' then 'silent_too_long'
        when level = 'at_risk' and level_basis = 'curve' then 'fewer_come_back'
        when level = 'at_risk' then 'silent_long'
        when level = 'won_back' then 'back_after_break'
        when level = 'loyal' then 'steady_purchases'
        when n_purchase_days < {{ var('loyalty_loyal_purchase_days') }} then 'few_purchase_days'
        when first_to_last_days < g0_days then 'short_history'
        when is_break then 'recent_break'
        when is_disloyal then 'negative_attitude'
    end
{%- endmacro %}
