{#-
Arithmetic on decimals that gives the same digits on both engines, rounded half away from zero. Neither `a / b` (DOUBLE on
one, a rounded DECIMAL on the other) nor `a * b` (DuckDB keeps 18 digits and overflows, Spark widens) may stand in a model.
-#}

{#- a * b as DECIMAL(precision, scale); NULL where it does not fit. a and b have at most a_scale and b_scale decimals. -#}
{% macro multiply(a, b, scale=2, a_scale=2, b_scale=8, precision=18) -%}
    {{ return(adapter.dispatch('multiply', 'loyalty')(a, b, scale, a_scale, b_scale, precision)) }}
{%- endmacro %}

{% macro default__multiply(a, b, scale, a_scale, b_scale, precision) -%}
    try_cast(
        cast({{ a }} as decimal(38, {{ a_scale }})) * cast({{ b }} as decimal(38, {{ b_scale }}))
        as decimal({{ precision }}, {{ scale }})
    )
{%- endmacro %}

{% macro spark__multiply(a, b, scale, a_scale, b_scale, precision) -%}
    try_cast(
        cast({{ a }} as decimal(18, {{ a_scale }})) * cast({{ b }} as decimal(18, {{ b_scale }}))
        as decimal({{ precision }}, {{ scale }})
    )
{%- endmacro %}

{#- a / b as DECIMAL(18, scale), exact to the last digit; NULL where b is 0 or NULL. a and b have at most `decimals` decimals
    (8; say 0 for counts) and at most 22 digits with them; scale is at most 8. Whole numbers throughout: (2 n + d) div (2 d)
    rounds n / d. -#}
{% macro divide(a, b, scale=6, decimals=8) -%}
    {%- set n = whole_number('abs(' ~ a ~ ')', decimals) -%}
    {%- set d = whole_number('abs(' ~ b ~ ')', decimals) -%}
    {%- set sign -%} case when (({{ a }}) < 0) = (({{ b }}) < 0) then 1 else -1 end {%- endset -%}
    {%- set quotient = integer_quotient(
        '2 * ' ~ ('1' ~ '0' * scale) ~ ' * ' ~ n ~ ' + ' ~ d,
        'nullif(2 * ' ~ d ~ ', 0)'
    ) -%}
    {{ shift_point(sign ~ ' * ' ~ quotient, scale) }}
{%- endmacro %}

{#- x * 10^digits as a whole number of up to 38 digits. -#}
{% macro whole_number(x, digits) -%}
    {{ return(adapter.dispatch('whole_number', 'loyalty')(x, digits)) }}
{%- endmacro %}

{% macro default__whole_number(x, digits) -%}
    cast(cast({{ x }} as decimal(38, {{ digits }})) * {{ '1' ~ '0' * digits }} as hugeint)
{%- endmacro %}

{% macro spark__whole_number(x, digits) -%}
    cast(
        cast({{ x }} as decimal(24, {{ digits }})) * cast({{ '1' ~ '0' * digits }} as decimal({{ digits + 1 }}, 0))
        as decimal(30, 0)
    )
{%- endmacro %}

{#- The quotient of two whole numbers, cut off towards zero. -#}
{% macro integer_quotient(a, b) -%}
    {{ return(adapter.dispatch('integer_quotient', 'loyalty')(a, b)) }}
{%- endmacro %}

{% macro default__integer_quotient(a, b) -%}
    (({{ a }}) // {{ b }})
{%- endmacro %}

{% macro spark__integer_quotient(a, b) -%}
    (cast(({{ a }}) as decimal(38, 0)) div cast({{ b }} as decimal(38, 0)))
{%- endmacro %}

{#- A whole number with the decimal point moved by `scale` digits to the left. -#}
{% macro shift_point(x, scale) -%}
    {{ return(adapter.dispatch('shift_point', 'loyalty')(x, scale)) }}
{%- endmacro %}

{% macro default__shift_point(x, scale) -%}
    cast(
        cast({{ x }} as decimal(38, 0)) * cast(0.{{ '0' * (scale - 1) }}1 as decimal(38, {{ scale }})) as decimal(18, {{ scale }})
    )
{%- endmacro %}

{% macro spark__shift_point(x, scale) -%}
    cast(
        cast({{ x }} as decimal(19, 0)) * cast(0.{{ '0' * (scale - 1) }}1 as decimal(18, {{ scale }})) as decimal(18, {{ scale }})
    )
{%- endmacro %}

{#- The result of a floating function (exp, ln, power), fixed before anything is summed over it. -#}
{% macro fixed(x, scale=8) -%}
    cast({{ x }} as decimal(18, {{ scale }}))
{%- endmacro %}
