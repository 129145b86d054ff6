{#-
The value today of one unit of money that is received after a number of `months`, at the yearly rate
clv_annual_discount_rate. Jinja computes it and writes a constant with 8 decimals, so that no engine computes a power.
-#}
{% macro discount_factor(months) -%}
    {{- return('cast(%.8f as decimal(18, 8))' % ((1 + var('clv_annual_discount_rate')) ** (-months / 12))) -}}
{%- endmacro %}
