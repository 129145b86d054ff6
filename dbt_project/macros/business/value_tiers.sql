{#-
The value tiers of model.clv.tiers in loyalty.yml (var clv_tiers), each with the share of customers below it. There
can be any number of tiers.
-#}

{#- [(name, share), ...], the lowest tier first. pipelines/config/model_values.py validates them. -#}
{% macro value_tiers() -%}
    {{ return(var('clv_tiers') | dictsort(by='value')) }}
{%- endmacro %}

{#- The shares of the cut points: the lower limit of each tier above the lowest, and 1, which is the largest value. -#}
{% macro value_tier_cuts() -%}
    {{ return((value_tiers() | map(attribute=1) | list)[1:] + [1]) }}
{%- endmacro %}
