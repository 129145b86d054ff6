{#-
1 for an answer among the two best points of a scale of 5 or 7 points, or of 8 and more on a scale of 0 to 10, else 0.
`score` is the answer rescaled to 0 to 100.
-#}
{% macro is_top_two(score) -%}
    case when {{ score }} >= 75 then 1 else 0 end
{%- endmacro %}
