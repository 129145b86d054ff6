{#-
The median of whole numbers with the same digits on both engines. `median` is an aggregate: an array of the two middle
values, which are equal if the number of rows is odd; NULL if there are no rows. `median_floor` is their mean, rounded down.
-#}
{% macro median(x) -%}
    {{ percentile_cuts(x, [0.5, 0.5000000002]) }}
{%- endmacro %}

{% macro median_floor(cuts) -%}
    {{ integer_quotient('cast(' ~ cut(cuts, 1) ~ ' + ' ~ cut(cuts, 2) ~ ' as bigint)', '2') }}
{%- endmacro %}
