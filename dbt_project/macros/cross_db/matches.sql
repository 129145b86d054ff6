{#-
Whether a whole text (`x`) matches a pattern. Write [0-9] and [.], never a backslash: Spark interprets backslashes in
text.
-#}
{% macro matches(x, pattern) -%}
    {{ return(adapter.dispatch('matches', 'loyalty')(x, pattern)) }}
{%- endmacro %}

{% macro default__matches(x, pattern) -%}
    regexp_full_match({{ x }}, '{{ pattern }}')
{%- endmacro %}

{#- In Java, $ also matches before a final line break; \z, in a raw literal, does not. -#}
{% macro spark__matches(x, pattern) -%}
    ({{ x }} rlike r'^(?:{{ pattern }})\z')
{%- endmacro %}
