{#-
Half the width of the 95 % interval of a ratio of two sums over the same `n` customers, sum(y) / sum(x), by the delta
method: z sqrt(n / (n - 1) sum((y - ratio x)^2)) / sum(x), DECIMAL(18, scale). NULL below two customers, or if sum(x) is
not positive. The squares are sums of decimals: `sum_yy`, `sum_xy` and `sum_xx`. A mean is the ratio with x = 1. For an
amount, `scale` is 2: with 6 decimals, one of 10^12 does not fit.
-#}
{% macro ratio_half_width(sum_y, sum_x, sum_yy, sum_xy, sum_xx, n, scale=6) -%}
    {%- set ratio = '(cast(' ~ sum_y ~ ' as double) / cast(' ~ sum_x ~ ' as double))' -%}
    {%- set residual = 'cast(' ~ sum_yy ~ ' as double) - 2 * ' ~ ratio ~ ' * cast(' ~ sum_xy ~ ' as double) + ' ~ ratio
        ~ ' * ' ~ ratio ~ ' * cast(' ~ sum_xx ~ ' as double)' -%}
    case
        when {{ n }} > 1 and {{ sum_x }} > 0
            then
                {{ fixed(
                    '1.959964 * sqrt(case when ' ~ residual ~ ' > 0 then (' ~ residual ~ ') * ' ~ n ~ ' / (' ~ n
                    ~ ' - 1) else 0 end) / cast(' ~ sum_x ~ ' as double)', scale
                ) }}
    end
{%- endmacro %}

{#- The product of two amounts as DECIMAL(38,4), to be summed. -#}
{% macro amount_product(a, b) -%}
    {{ multiply(a, b, 4, 2, 2, 38) }}
{%- endmacro %}

{#- The columns x, x_low and x_high of a figure and half the width of its interval, x_half_width. -#}
{% macro with_bounds(name, scale) -%}
    cast({{ name }} as decimal(18, {{ scale }})) as {{ name }},
    cast({{ name }} - {{ name }}_half_width as decimal(18, {{ scale }})) as {{ name }}_low,
    cast({{ name }} + {{ name }}_half_width as decimal(18, {{ scale }})) as {{ name }}_high
{%- endmacro %}
