{#- The rate to the reporting currency: 1 for that currency itself, else the rate of the day; NULL if there is none. -#}
{% macro rate_of(currency, fx_rate) -%}
    case when {{ currency }} = '{{ var("currency") }}' then cast(1 as decimal(18, 8)) else {{ fx_rate }} end
{%- endmacro %}

{#-
The value of goods after discounts, from a total that includes tax and shipping, in the currency that was charged. It is converted
as one amount. If total, tax and shipping were converted separately, rounding could leave one cent for an order whose goods are
free, and that order would count as a purchase.
-#}
{% macro goods_of_total(total) -%}
    {{ total }} - coalesce(tax, 0) - coalesce(shipping, 0)
{%- endmacro %}

{#-
The value of goods before discounts, from goods_of_total in the reporting currency. goods_of_total does not subtract tax that only
the lines state; it is subtracted here.
-#}
{% macro gross_of_goods(goods) -%}
    {{ goods }} - case when tax is null then coalesce(tax_amount, 0) else 0 end + discount_amount
{%- endmacro %}

{#-
The value of goods before discounts that a header states, minus the sum of its lines: of those that count (`lines` is
counted) or of all (all). If the header states no discount or no tax, that of these lines is used.
-#}
{% macro header_difference(lines) -%}
    coalesce(
            header_gross_amount,
            header_total_amount - coalesce(header_tax_amount, {{ lines }}_tax_amount, 0) - coalesce(shipping_amount, 0)
            + coalesce(header_discount_amount, {{ lines }}_discount_amount)
        ) - {{ lines }}_gross_amount
{%- endmacro %}

{#-
amount * part / whole, to the cent; part <= whole, both with `decimals` decimals. Exact if the product has at most 18 digits before
the point; otherwise the quotient is rounded to 8 decimals first. If part equals whole, the result is the amount.
-#}
{% macro share_of(amount, part, whole, decimals=2) -%}
    coalesce(
        {{ divide(multiply(amount, part, decimals + 2, 2, decimals, 24), whole, 2, decimals + 2) }},
        {{ multiply(amount, divide(part, whole, 8, decimals)) }}
    )
{%- endmacro %}
