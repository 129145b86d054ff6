{#-
The smallest true difference of two shares that a two-sided test at 5 % finds with a power of 80 %, DECIMAL(9,6):
(1.959964 + 0.841621) sqrt(p (1 - p) (1 / n_a + 1 / n_b)), p the share of both groups together (Fleiss, Levin & Paik
2003, chapter 4, without continuity correction). NULL if a group is empty, or if nobody or everybody is counted.
-#}
{% macro detectable_difference(k_a, n_a, k_b, n_b) -%}
    {%- set a, b = 'cast(' ~ n_a ~ ' as double)', 'cast(' ~ n_b ~ ' as double)' -%}
    {%- set p = '((' ~ k_a ~ ' + ' ~ k_b ~ ') / (' ~ a ~ ' + ' ~ b ~ '))' -%}
    case
        when {{ n_a }} > 0 and {{ n_b }} > 0 and {{ k_a }} + {{ k_b }} > 0 and {{ k_a }} + {{ k_b }} < {{ n_a }} + {{ n_b }}
            then cast({{ fixed('2.801585 * sqrt(' ~ p ~ ' * (1 - ' ~ p ~ ') * (1 / ' ~ a ~ ' + 1 / ' ~ b ~ '))', 6) }} as decimal(9, 6))
    end
{%- endmacro %}
