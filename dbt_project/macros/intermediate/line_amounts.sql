{#-
The amounts of an order line: columns of int_order_line, first in the currency that was charged, then converted.

`total` is what was charged for the line: net of its discount, and including the tax if a tax is given. If there is a total, it is
the amount, to the cent. If there is no unit price, it is computed from the total.
-#}

{#- Rounded in the currency that was charged. -#}
{% macro charged_line() -%}
{{ multiply('quantity', 'unit_price', 2, 4, 4) }} as price_gross,
        cast(total - coalesce(tax, 0) as decimal(18, 2)) as stated_net,
        cast(total - coalesce(tax, 0) + coalesce(discount, 0) as decimal(18, 2)) as stated_gross,
        {{ multiply('quantity', 'list_price', 2, 4, 4) }} as list_value,
        {{ multiply('quantity', 'unit_cost', 2, 4, 4) }} as cost,
        {{ multiply('quantity', 'product_unit_cost', 2, 4, 4) }} as catalogue_cost
{%- endmacro %}

{#- In the reporting currency. The net amount of a total is converted first; gross is the sum of net and discount. -#}
{% macro converted_line() -%}
{%- set price = 'coalesce(unit_price, ' ~ divide('stated_gross', 'quantity', 4, 4) ~ ')' -%}
{{ multiply(price, 'fx_rate', 4, 4, 8) }} as unit_price_amount,
        {{ multiply('price_gross', 'fx_rate') }} as price_gross_amount,
        {{ multiply('stated_net', 'fx_rate') }} as stated_net_amount,
        {{ multiply('coalesce(discount, 0)', 'fx_rate') }} as discount_amount,
        {{ multiply('case when total is not null then tax end', 'fx_rate') }} as tax_amount,
        {{ multiply('list_value', 'fx_rate') }} as list_amount,
        coalesce({{ multiply('cost', 'fx_rate') }}, catalogue_cost) as cost_amount,
        {{ multiply(total_difference(), 'fx_rate') }} as total_difference_amount
{%- endmacro %}

{#- The difference between a total and quantity * unit price - discount; NULL if a unit price rounded to the cent explains it,
    with or without tax. -#}
{% macro total_difference() -%}
    {%- set tolerance = '0.005 * quantity + 0.005' -%}
case
            when
                abs(stated_gross - price_gross) > {{ tolerance }}
                and abs(stated_gross + coalesce(tax, 0) - price_gross) > {{ tolerance }}
                then stated_gross - price_gross
        end
{%- endmacro %}
