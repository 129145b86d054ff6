{#- discount_factor(months): what a unit of money is worth today if it comes after so many months, at the yearly rate
    clv_annual_discount_rate. Worked out here and written as a constant of 8 digits, so that no engine computes a power. -#}
{% macro discount_factor(months) -%}
    {{- return('cast(%.8f as decimal(18, 8))' % ((1 + var('clv_annual_discount_rate')) ** (-months / 12))) -}}
{%- endmacro %}
