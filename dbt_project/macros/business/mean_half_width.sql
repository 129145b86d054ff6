{#-
Half the width of the 95 % interval of a mean, DECIMAL(18,4), from the number, the sum and the sum of squares of the
values (decimals): t x standard error. NULL for fewer than three values, and if all values are equal, because they do
not show how far others would be away.

The t value of three to five values is a constant. From six, it comes from its expansion around the normal one
(Abramowitz & Stegun 26.7.5), which is 0.01 % too small for six values.
-#}
{% macro mean_half_width(n, total, squares) -%}
    {%- set count = 'cast(' ~ n ~ ' as double)' -%}
    {%- set freedom = '(' ~ count ~ ' - 1)' -%}
    {%- set variance = '((cast(' ~ squares ~ ' as double) - cast(' ~ total ~ ' as double) * cast(' ~ total ~ ' as double) / '
        ~ count ~ ') / ' ~ freedom ~ ')' -%}
    {%- set z = 1.959964 -%}
    {%- set terms = [
        (z ** 3 + z) / 4,
        (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
        (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
        (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
    ] -%}
    {%- set expansion = namespace(sql='0.0') -%}
    {%- for term in terms | reverse -%}
        {%- set expansion.sql = '(' ~ term | round(8) ~ ' + ' ~ expansion.sql ~ ') / ' ~ freedom -%}
    {%- endfor -%}
    {%- set t = 'case ' ~ n ~ ' when 3 then 4.302653 when 4 then 3.182446 when 5 then 2.776445 else ' ~ z ~ ' + '
        ~ expansion.sql ~ ' end' -%}
    case
        when {{ n }} >= 3 and {{ variance }} > 0.000001
            then {{ fixed('(' ~ t ~ ') * sqrt(' ~ variance ~ ' / ' ~ count ~ ')', 4) }}
    end
{%- endmacro %}
