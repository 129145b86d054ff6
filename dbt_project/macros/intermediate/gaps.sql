{#-
The squared coefficient of variation of the gaps between purchase days, with the sample variance, from n gaps, their sum and
the sum of their squares: n (n q - s^2) / ((n - 1) s^2). NULL under two gaps. Whole numbers throughout.
-#}
{% macro gap_scv(n, sum_days, sum_squared_days) -%}
    case
        when {{ n }} > 1
        then {{ divide(
            n ~ ' * (' ~ n ~ ' * ' ~ sum_squared_days ~ ' - ' ~ sum_days ~ ' * ' ~ sum_days ~ ')',
            '(' ~ n ~ ' - 1) * ' ~ sum_days ~ ' * ' ~ sum_days,
            6,
            0
        ) }}
    end
{%- endmacro %}
