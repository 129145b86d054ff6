{#-
The value tiers that the var clv_tiers names, each with the share of customers below it: as many as there are names.
-#}

{#- value_tiers(): [(name, share), ...], the lowest first.
   Fails: where no tier begins at 0, two begin at one share, a share is not below 1, or a tier has a name that means something else. -#}
{% macro value_tiers() -%}
    {%- set tiers = var('clv_tiers') | dictsort(by='value') -%}
    {%- set shares = tiers | map(attribute=1) | list -%}
    {%- if not shares or shares[0] != 0 or shares[-1] >= 1 or (shares | unique | list | length) != (shares | length) -%}
        {{ exceptions.raise_compiler_error(
            'clv_tiers in dbt_project.yml is ' ~ var('clv_tiers') ~ ': the lowest tier begins at 0, and each further one at a'
            ~ ' share of its own below 1, for example {low: 0, middle: 0.50, top: 0.90}'
        ) }}
    {%- elif 'no_forecast' in var('clv_tiers') -%}
        {{ exceptions.raise_compiler_error('clv_tiers in dbt_project.yml: no_forecast is the segment of customers without a tier') }}
    {%- endif -%}
    {{ return(tiers) }}
{%- endmacro %}

{#- value_tier_cuts(): the shares at which value is cut: where each tier above the lowest begins, and 1, the largest value. -#}
{% macro value_tier_cuts() -%}
    {{ return((value_tiers() | map(attribute=1) | list)[1:] + [1]) }}
{%- endmacro %}
