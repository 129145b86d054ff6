{#-
The amount above which a value is an outlier: Tukey's fence on logarithms, q3 (q3 / q1)^spread, DECIMAL(18,2). `quartiles` is
the array of the lower and the upper quartile (percentile_cuts) of positive amounts. Their ratio counts as at least 2, so
that in a shop where nearly all customers spend the same, a little more is not extreme. The limit is at most 10^15, which
nobody spends: some shops sell pins and machines, and then the fence is beyond the type. NULL without amounts.
-#}
{% macro outlier_limit(quartiles, spread) -%}
    {%- set q1 = 'cast(' ~ cut(quartiles, 1) ~ ' as double)' -%}
    {%- set q3 = 'cast(' ~ cut(quartiles, 2) ~ ' as double)' -%}
    {%- set fence = q3 ~ ' * power(case when ' ~ q3 ~ ' > 2 * ' ~ q1 ~ ' then ' ~ q3 ~ ' / ' ~ q1 ~ ' else 2 end, ' ~ spread ~ ')' -%}
    {{ fixed('case when ' ~ fence ~ ' > 1e15 then 1e15 else ' ~ fence ~ ' end', 2) }}
{%- endmacro %}
