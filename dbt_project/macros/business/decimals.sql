{# Products and means of decimals that give the same digits on both engines. #}

{# product(a, b, scale): a times b as DECIMAL(18, scale), a half rounded up, a read with 8 digits and b with 4 behind the point.
   One factor is DECIMAL(19,8) on purpose: DuckDB then multiplies in 128 bits (two DECIMAL(18, …) overflow at 18 digits), and Spark
   needs just the 38 digits that it has (one more, and it would cut digits behind the point away). #}
{% macro product(a, b, scale) -%}
    cast(cast({{ a }} as decimal(19, 8)) * cast({{ b }} as decimal(18, 4)) as decimal(18, {{ scale }}))
{%- endmacro %}

{# weighted_mean({score column: weight, …}): the mean of the scores that exist, DECIMAL(18,4); NULL where none does. Nothing is
   imputed: a missing score takes its weight away with it. #}
{% macro weighted_mean(parts) -%}
    {{ divide(weighted_sum(parts), known_weight(parts), 4) }}
{%- endmacro %}

{% macro weighted_sum(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        coalesce({{ product(score, weight, 8) }}, 0){{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(18, 8)
    )
{%- endmacro %}

{# known_weight({score column: weight, …}): the sum of the weights whose scores exist, DECIMAL(9,4). #}
{% macro known_weight(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        case when {{ score }} is null then 0 else cast({{ weight }} as decimal(9, 4)) end{{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(9, 4)
    )
{%- endmacro %}

{# total_weight({anything: weight, …}): the sum of all weights, a number for the template. #}
{% macro total_weight(parts) -%}
    {{- return('%.4f' % (parts.values() | sum)) -}}
{%- endmacro %}
