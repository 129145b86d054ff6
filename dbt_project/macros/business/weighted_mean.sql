{#-
Weighted means over the scores that exist: a missing score is left out together with its weight, and nothing is
imputed. The weighted mean is divide(weighted_sum, known_weight, 4). Models keep both as columns of an earlier CTE. In
each macro `parts` is {score: weight, ...}, where a score is an expression.
-#}

{#- The sum of weight * score, DECIMAL(18,8). Scores are 0 to 100; a missing score counts 0. -#}
{% macro weighted_sum(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        coalesce({{ multiply(score, weight, 8, 4, 4) }}, 0){{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(18, 8)
    )
{%- endmacro %}

{#- The sum of the weights whose scores exist, DECIMAL(9,4). -#}
{% macro known_weight(parts) -%}
    cast(
        {%- for score, weight in parts.items() %}
        case when {{ score }} is null then 0 else cast({{ weight }} as decimal(9, 4)) end{{ ' +' if not loop.last }}
        {%- endfor %}
        as decimal(9, 4)
    )
{%- endmacro %}

{#- The sum of all weights, computed by Jinja. -#}
{% macro total_weight(parts) -%}
    {{ return('%.4f' % (parts.values() | sum)) }}
{%- endmacro %}
