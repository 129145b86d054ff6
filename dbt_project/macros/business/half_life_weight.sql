{#- half_life_weight(days, half_life_days): the weight left after so many days, DECIMAL(18,8): 1 at once, a half after one half-life.
   Cast before any sum: the engines' power() may differ in the last digit of a DOUBLE, and sums of DOUBLE depend on the order. -#}
{% macro half_life_weight(days, half_life_days) -%}
    cast(power(cast(0.5 as double), cast({{ days }} as double) / cast({{ half_life_days }} as double)) as decimal(18, 8))
{%- endmacro %}
