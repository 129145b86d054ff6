{#-
The weight after a number of `days`, DECIMAL(18,8): 1 on day 0, a half after `half_life_days`. It is cast before it is
summed: power() may differ between the engines in the last digit of a DOUBLE, and a sum of DOUBLEs depends on the
order.
-#}
{% macro half_life_weight(days, half_life_days) -%}
    cast(power(cast(0.5 as double), cast({{ days }} as double) / cast({{ half_life_days }} as double)) as decimal(18, 8))
{%- endmacro %}
