{#- Dick & Basu (1994): attitude against patronage. They ask for a relative attitude, so a brand preference takes precedence.
   Without any attitude the quadrant is unknown; it is never inferred from purchases. -#}
{% macro loyalty_quadrant(n_purchase_days, silence_ratio, attitude_score, brand_preference_score) -%}
    {%- set attitude = 'coalesce(' ~ brand_preference_score ~ ', ' ~ attitude_score ~ ')' -%}
    {%- set speaks_well = attitude ~ ' >= ' ~ var('loyalty_high_attitude') -%}
    {%- set buys = 'coalesce(' ~ n_purchase_days ~ ', 0) >= ' ~ var('loyalty_loyal_purchase_days')
        ~ ' and ' ~ silence_ratio ~ ' <= ' ~ var('loyalty_at_risk_silence') -%}
    case
        when {{ attitude }} is null then 'unknown'
        when {{ speaks_well }} and {{ buys }} then 'true_loyalty'
        when {{ speaks_well }} then 'latent_loyalty'
        when {{ buys }} then 'spurious_loyalty'
        else 'no_loyalty'
    end
{%- endmacro %}
