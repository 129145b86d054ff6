{#-
A bound of the 95 % interval of the difference of two independent shares, DECIMAL(9,6), from the shares and their Wilson
intervals (Newcombe 1998, Statistics in Medicine 17, method 10). `a` and `b` name the columns <name>_share,
<name>_share_low and <name>_share_high. `side` is '-' for the lower bound and '+' for the upper one.
-#}
{% macro difference_bound(a, b, side) -%}
    {%- set of_a, of_b = ('low', 'high') if side == '-' else ('high', 'low') -%}
    {%- set parts = [] -%}
    {%- for name, bound in [(a, of_a), (b, of_b)] -%}
        {%- set distance = '(cast(' ~ name ~ '_share as double) - cast(' ~ name ~ '_share_' ~ bound ~ ' as double))' -%}
        {%- do parts.append(distance ~ ' * ' ~ distance) -%}
    {%- endfor -%}
    cast(
        {{ fixed(
            'cast(' ~ a ~ '_share - ' ~ b ~ '_share as double) ' ~ side ~ ' sqrt(' ~ (parts | join(' + ')) ~ ')', 6
        ) }} as decimal(9, 6)
    )
{%- endmacro %}
