{#-
A bound of the 95 % interval of a share, `k` of `n` (Wilson 1927), DECIMAL(9,6); NULL if n is 0. `side` is '-' for the
lower bound and '+' for the upper one.
-#}
{% macro wilson_bound(k, n, side) -%}
    {%- set z = 1.959964 -%}
    {%- set count = 'cast(' ~ n ~ ' as double)' -%}
    {%- set share = '(' ~ k ~ ' / nullif(' ~ count ~ ', 0))' -%}
    {%- set half = z ~ ' * sqrt(' ~ share ~ ' * (1 - ' ~ share ~ ') / ' ~ count ~ ' + ' ~ (z * z / 4) ~ ' / (' ~ count
        ~ ' * ' ~ count ~ '))' -%}
    cast(
        {{ fixed('(' ~ share ~ ' + ' ~ (z * z / 2) ~ ' / ' ~ count ~ ' ' ~ side ~ ' ' ~ half ~ ') / (1 + ' ~ (z * z) ~ ' / '
            ~ count ~ ')', 6) }} as decimal(9, 6)
    )
{%- endmacro %}
