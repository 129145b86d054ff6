{#-
Casts from text with the same result on both engines. The text must match our pattern and the engine must be able to
cast it; otherwise the result is NULL. Without a pattern the engines differ, for example for '12.0' to bigint, '2017'
to timestamp, or '0x1F'. The number of digits is limited, so that a sum of ten thousand of the largest values still
fits the type.
-#}
{% macro strict_cast(x, pattern, type) -%}
    case when {{ matches(x, pattern) }} then try_cast({{ x }} as {{ type }}) end
{%- endmacro %}

{#- If the text has more decimals than the type, both engines round half away from zero, for any number of decimals. -#}
{% macro cast_amount(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,12}([.][0-9]+)?', 'decimal(18, 2)') }}
{%- endmacro %}

{% macro cast_price(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,10}([.][0-9]+)?', 'decimal(18, 4)') }}
{%- endmacro %}

{% macro cast_rate(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,8}([.][0-9]+)?', 'decimal(18, 8)') }}
{%- endmacro %}

{#-
Whether the cast of a text to one of these types rounds it: a digit other than 0 follows the digits that are kept. For
speed, the pattern is compared only with texts that have enough characters after the point.
-#}
{% macro is_rounded(x, type) -%}
    {%- set decimals = decimals_of()[type] -%}
    ({{ x }} like '%.{{ '_' * (decimals + 1) }}%' and {{ matches(x, '[+-]?[0-9]+[.][0-9]{' ~ decimals ~ '}[0-9]*[1-9][0-9]*') }})
{%- endmacro %}

{#- The number of decimals of each numeric type. -#}
{% macro decimals_of() -%}
    {{ return({'amount': 2, 'price': 4, 'rate': 8}) }}
{%- endmacro %}

{#-
Whether a text is a number that a spreadsheet has cut off, such as 1.38E+10: as an ID it stands for many records. For
speed, the pattern is compared only with texts that have a plus sign.
-#}
{% macro has_lost_digits(x) -%}
    ({{ x }} like '%+%' and {{ matches(x, '[0-9]+([.,][0-9]+)?[eE][+][0-9]+') }})
{%- endmacro %}

{% macro cast_integer(x) -%}
    {{ strict_cast(x, '[+-]?[0-9]{1,15}', 'bigint') }}
{%- endmacro %}

{#- Only the years 1800 to 2199: any other year is an error in the text. -#}
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

{#- The cast of a canonical column to its type (ColumnType in pipelines/base/entities.py). -#}
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
