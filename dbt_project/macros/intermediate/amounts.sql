{#- The rate to the reporting currency: 1 for that currency itself, else what the rates of the day say; NULL where there is none. -#}
{% macro rate_of(currency, fx_rate) -%}
    case when {{ currency }} = '{{ var("currency") }}' then cast(1 as decimal(18, 8)) else {{ fx_rate }} end
{%- endmacro %}

{#- The value of goods before discounts, from a total that includes tax and shipping and is net of discounts. -#}
{% macro gross_of_total(total) -%}
    {{ total }} - coalesce(tax_amount, 0) - coalesce(shipping_amount, 0) + discount_amount
{%- endmacro %}
