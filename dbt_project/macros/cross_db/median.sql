{#-
The median of whole numbers, equal on both engines. `middles` is an aggregate: an array of the two middle values. They
are equal if the number of rows is odd. It is NULL without rows. The second share is just above .5, because
percentile_cuts lowers each share by 1e-10. `median_floor` is the mean of the two, rounded down.
-#}
{% macro middles(x) -%}
    {{ percentile_cuts(x, [0.5, 0.5000000002]) }}
{%- endmacro %}

{% macro median_floor(middles) -%}
    {{ integer_quotient('cast(' ~ cut(middles, 1) ~ ' + ' ~ cut(middles, 2) ~ ' as bigint)', '2') }}
{%- endmacro %}
