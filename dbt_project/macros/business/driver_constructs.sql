{#-
The constructs that can be drivers of loyalty: what customers experience, know and feel. The value step reads one column
for each (pipelines/value/files.py). Intentions are left out (buying again, recommending, switching, staying if prices
rise, complaining), and so is the preference for us: they are loyalty itself in other words.
-#}
{% macro driver_constructs() -%}
    {{ return([
        'csat', 'ces', 'review', 'product_quality', 'service', 'after_sales', 'brand', 'awareness', 'price',
        'value_for_money', 'relationship', 'personalisation', 'emotional_bond', 'belonging', 'values_fit', 'trust',
        'knowledge'
    ]) }}
{%- endmacro %}
