{#- Whether the whole of a text matches a pattern. Write [0-9] and [.], never a backslash: Spark reads those in text. -#}
{% macro matches(x, pattern) -%}
    {{ return(adapter.dispatch('matches', 'loyalty')(x, pattern)) }}
{%- endmacro %}

{% macro default__matches(x, pattern) -%}
    regexp_full_match({{ x }}, '{{ pattern }}')
{%- endmacro %}

{#- Java's $ also matches before a last line break; \z, in a raw literal, does not. -#}
{% macro spark__matches(x, pattern) -%}
    ({{ x }} rlike r'^(?:{{ pattern }})\z')
{%- endmacro %}
