{#-
The quadrant of a customer by attitude and repeat patronage. Source: Dick & Basu (1994). They require a relative
attitude, so the brand preference is used before the attitude score. If neither is known, the quadrant is unknown; it
is never inferred from purchases.

    n_purchase_days         purchase days, 0 or NULL if there are none
    level                   the customer's level
    attitude_score          0 to 100, NULL if unknown
    brand_preference_score  0 to 100, NULL if unknown
-#}
{% macro loyalty_quadrant(n_purchase_days, level, attitude_score, brand_preference_score) -%}
    {%- set attitude = 'coalesce(' ~ brand_preference_score ~ ', ' ~ attitude_score ~ ')' -%}
    {%- set has_high_attitude = attitude ~ ' >= ' ~ var('loyalty_high_attitude') -%}
    {%- set has_high_patronage = 'coalesce(' ~ n_purchase_days ~ ', 0) >= ' ~ var('loyalty_loyal_purchase_days')
        ~ ' and ' ~ level ~ " not in ('at_risk', 'churned')" -%}
    case
        when {{ attitude }} is null then 'unknown'
        when {{ has_high_attitude }} and {{ has_high_patronage }} then 'true_loyalty'
        when {{ has_high_attitude }} then 'latent_loyalty'
        when {{ has_high_patronage }} then 'spurious_loyalty'
        else 'no_loyalty'
    end
{%- endmacro %}
