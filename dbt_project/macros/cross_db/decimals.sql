{#-
Arithmetic on decimals with the same digits on both engines, rounded half away from zero.

Models must not contain `a / b`, which is a DOUBLE on DuckDB and a rounded DECIMAL on Spark. They must not contain `a *
b` on decimals either: DuckDB keeps 18 digits and overflows, Spark uses a wider type.
-#}

{#-
a * b as DECIMAL(precision, scale); NULL if it does not fit. `a` has at most `a_scale` decimals, and `b` at most
`b_scale`.
-#}
{% macro multiply(a, b, scale=2, a_scale=2, b_scale=8, precision=18) -%}
    {{ return(adapter.dispatch('multiply', 'loyalty')(a, b, scale, a_scale, b_scale, precision)) }}
{%- endmacro %}

{#- Factors whose product has at most 18 digits are multiplied in 64 bits, which is 40 times as fast as in 128 bits. -#}
{% macro default__multiply(a, b, scale, a_scale, b_scale, precision) -%}
    {%- set product = {} -%}
    {%- for width in [18, 38] -%}
        {%- set text -%}
            try_cast(
                cast({{ a }} as decimal({{ width }}, {{ a_scale }})) * cast({{ b }} as decimal({{ width }}, {{ b_scale }}))
                as decimal({{ precision }}, {{ scale }})
            )
        {%- endset -%}
        {%- do product.update({width: text}) -%}
    {%- endfor -%}
    {%- set digits = 18 - a_scale - b_scale -%}
    {%- set b_digits = 2 if b_scale > 4 else digits // 2 -%}
    case
        when abs({{ a }}) < {{ 10 ** (digits - b_digits) }} and abs({{ b }}) < {{ 10 ** b_digits }} then {{ product[18] }}
        else {{ product[38] }}
    end
{%- endmacro %}

{% macro spark__multiply(a, b, scale, a_scale, b_scale, precision) -%}
    try_cast(
        cast({{ a }} as decimal(18, {{ a_scale }})) * cast({{ b }} as decimal(18, {{ b_scale }}))
        as decimal({{ precision }}, {{ scale }})
    )
{%- endmacro %}

{#-
a / b as DECIMAL(18, scale), exact to the last digit; NULL if b is 0 or NULL. `a` and `b` have at most `decimals`
decimals (use 0 for counts) and at most 22 digits including these. `scale` is at most 8.
-#}
{% macro divide(a, b, scale=6, decimals=8) -%}
    {{ return(adapter.dispatch('divide', 'loyalty')(a, b, scale, decimals)) }}
{%- endmacro %}

{#-
Small numerators and denominators are divided in 64 bits, which is 10 times as fast as in 128 bits. With its decimals, a
number has at most 15 digits, so that a DOUBLE holds it exactly, and the quotient at most 18.
-#}
{% macro default__divide(a, b, scale, decimals) -%}
    {%- set digits = ([15, 18 - scale] | min) - decimals -%}
    {%- if digits < 2 -%} {{ return(quotient(a, b, scale, decimals)) }} {%- endif -%}
    case
        when abs({{ a }}) < {{ 10 ** digits }} and abs({{ b }}) < {{ 10 ** digits }}
            then {{ quotient(a, b, scale, decimals, bits=64) }}
        else {{ quotient(a, b, scale, decimals) }}
    end
{%- endmacro %}

{% macro spark__divide(a, b, scale, decimals) -%}
    {{ quotient(a, b, scale, decimals) }}
{%- endmacro %}

{#- The rounded quotient, computed with whole numbers only: (2 n + d) div (2 d) rounds n / d. -#}
{% macro quotient(a, b, scale, decimals, bits=128) -%}
    {%- set n = whole_number('abs(' ~ a ~ ')', decimals, bits) -%}
    {%- set d = whole_number('abs(' ~ b ~ ')', decimals, bits) -%}
    {%- set sign -%} case when (({{ a }}) < 0) = (({{ b }}) < 0) then 1 else -1 end {%- endset -%}
    {%- set quotient = integer_quotient(
        '2 * ' ~ ('1' ~ '0' * scale) ~ ' * ' ~ n ~ ' + ' ~ d,
        'nullif(2 * ' ~ d ~ ', 0)'
    ) -%}
    {{ shift_point(sign ~ ' * ' ~ quotient, scale, bits) }}
{%- endmacro %}

{#- x * 10^digits as a whole number of up to 38 digits, or of up to 15 digits if `bits` is 64. -#}
{% macro whole_number(x, digits, bits) -%}
    {{ return(adapter.dispatch('whole_number', 'loyalty')(x, digits, bits)) }}
{%- endmacro %}

{% macro default__whole_number(x, digits, bits) -%}
    {%- if bits == 64 -%} cast(cast(cast({{ x }} as decimal(18, {{ digits }})) as double) * 1e{{ digits }} as bigint)
    {%- else -%} cast(cast({{ x }} as decimal(38, {{ digits }})) * {{ '1' ~ '0' * digits }} as hugeint)
    {%- endif -%}
{%- endmacro %}

{% macro spark__whole_number(x, digits, bits) -%}
    cast(
        cast({{ x }} as decimal(24, {{ digits }})) * cast({{ '1' ~ '0' * digits }} as decimal({{ digits + 1 }}, 0))
        as decimal(30, 0)
    )
{%- endmacro %}

{#- The quotient of two whole numbers, truncated towards zero. -#}
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
{% macro shift_point(x, scale, bits) -%}
    {{ return(adapter.dispatch('shift_point', 'loyalty')(x, scale, bits)) }}
{%- endmacro %}

{% macro default__shift_point(x, scale, bits) -%}
    {%- set digits = 18 if bits == 64 else 38 -%}
    cast(
        cast({{ x }} as decimal({{ digits }}, 0)) * cast(0.{{ '0' * (scale - 1) }}1 as decimal({{ digits }}, {{ scale }}))
        as decimal(18, {{ scale }})
    )
{%- endmacro %}

{% macro spark__shift_point(x, scale, bits) -%}
    cast(
        cast({{ x }} as decimal(19, 0)) * cast(0.{{ '0' * (scale - 1) }}1 as decimal(18, {{ scale }})) as decimal(18, {{ scale }})
    )
{%- endmacro %}

{#- The result of a floating-point function (exp, ln, power) as a decimal. Convert it before it is summed. -#}
{% macro fixed(x, scale=8) -%}
    cast({{ x }} as decimal(18, {{ scale }}))
{%- endmacro %}
