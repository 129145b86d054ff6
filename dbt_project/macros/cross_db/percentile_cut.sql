{#- The smallest value with at least the share `p` of rows at or below it: an aggregate. Cast its result to x's type. -#}
{% macro percentile_cut(p, x) -%}
    percentile_disc({{ p }}) within group (order by {{ x }})
{%- endmacro %}
