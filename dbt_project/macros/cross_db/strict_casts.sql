{#-
Casts from text that mean the same on both engines: our own pattern first, then the engine's cast, NULL where either
refuses. The engines' own casts differ ('12.0' to bigint, '2017' to timestamp, '0x1F'). Digits are bounded so that a sum of
ten thousand of the largest still fits its type.
-#}
{% macro strict_cast(x, pattern, type) -%}
    case when {{ matches(x, pattern) }} then try_cast({{ x }} as {{ type }}) end
{%- endmacro %}

{#- Both engines round a text with more decimals than the type half away from zero, however many there are. -#}
{% macro cast_amount(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,12}([.][0-9]+)?', 'decimal(18, 2)') }}
{%- endmacro %}

{% macro cast_price(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,10}([.][0-9]+)?', 'decimal(18, 4)') }}
{%- endmacro %}

{% macro cast_rate(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,8}([.][0-9]+)?', 'decimal(18, 8)') }}
{%- endmacro %}

{#- Whether the cast of a text to one of these types rounds it: a non-zero digit after the digits that are kept. The
    pattern is tried only on texts with so many characters after the point. -#}
{% macro is_rounded(x, type) -%}
    {%- set decimals = decimals_of()[type] -%}
    ({{ x }} like '%.{{ '_' * (decimals + 1) }}%' and {{ matches(x, '[+-]?[0-9]+[.][0-9]{' ~ decimals ~ '}[0-9]*[1-9][0-9]*') }})
{%- endmacro %}

{#- The decimals that each type of number keeps. -#}
{% macro decimals_of() -%}
    {{ return({'amount': 2, 'price': 4, 'rate': 8}) }}
{%- endmacro %}

{% macro cast_integer(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,15}', 'bigint') }}
{%- endmacro %}

{#- Years 1800 to 2199: further off, and something else was meant. -#}
{% macro cast_timestamp(x) -%}
    {{ strict_cast(
        x,
        '(18|19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
        ~ ' ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?',
        'timestamp'
    ) }}
{%- endmacro %}

{% macro cast_date(x) -%}
    {{ strict_cast(x, '(18|19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', 'date') }}
{%- endmacro %}

{% macro cast_boolean(x) -%}
    case {{ x }} when 'true' then true when 'false' then false end
{%- endmacro %}

{#- The cast of a canonical column by its type (ColumnType in pipelines/base/entities.py). -#}
{% macro cast_canonical(x, type) -%}
    {%- if type == 'amount' -%} {{ cast_amount(x) }}
    {%- elif type == 'price' -%} {{ cast_price(x) }}
    {%- elif type == 'rate' -%} {{ cast_rate(x) }}
    {%- elif type == 'integer' -%} {{ cast_integer(x) }}
    {%- elif type == 'timestamp' -%} {{ cast_timestamp(x) }}
    {%- elif type == 'date' -%} {{ cast_date(x) }}
    {%- elif type == 'boolean' -%} {{ cast_boolean(x) }}
    {%- else -%} {{ x }}
    {%- endif -%}
{%- endmacro %}
