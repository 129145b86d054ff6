{#-
Means over the scores that exist: a missing score takes its weight away with it, and nothing is imputed.
weighted_mean = divide(weighted_sum, known_weight, 4); the two are kept as columns of a step before, for what they show.
-#}

{#- weighted_sum({score: weight, ...}): scores of 0 to 100, DECIMAL(18,8); 0 where there is none. -#}
{% macro weighted_sum(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        coalesce({{ multiply(score, weight, 8, 4, 4) }}, 0){{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(18, 8)
    )
{%- endmacro %}

{#- known_weight({score: weight, ...}): the sum of the weights whose scores exist, DECIMAL(9,4). -#}
{% macro known_weight(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        case when {{ score }} is null then 0 else cast({{ weight }} as decimal(9, 4)) end{{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(9, 4)
    )
{%- endmacro %}

{#- total_weight({score: weight, ...}): the sum of all weights, worked out here. -#}
{% macro total_weight(parts) -%}
    {{ return('%.4f' % (parts.values() | sum)) }}
{%- endmacro %}
