{#-
The value tiers that model.clv.tiers of loyalty.yml names (var clv_tiers), each with the share of customers below it: as
many as there are names.
-#}

{#- value_tiers(): [(name, share), ...], the lowest first; pipelines/config/model_values.py has checked them. -#}
{% macro value_tiers() -%}
    {{ return(var('clv_tiers') | dictsort(by='value')) }}
{%- endmacro %}

{#- value_tier_cuts(): the shares at which value is cut: where each tier above the lowest begins, and 1, the largest value. -#}
{% macro value_tier_cuts() -%}
    {{ return((value_tiers() | map(attribute=1) | list)[1:] + [1]) }}
{%- endmacro %}
