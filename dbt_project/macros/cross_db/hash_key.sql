{#-
The md5 of several columns, as 32 hex digits; NULL if one of them is NULL.

The values are separated by a bar. The name of a source contains no bar. Each value between the first and the last is
preceded by its length, so that different values never give the same text.
-#}
{% macro hash_key(columns) -%}
    md5(
        {%- for column in columns %}
        {%- if loop.first or loop.last %}
        cast({{ column }} as string)
        {%- else %}
        cast(length(cast({{ column }} as string)) as string) || ':' || cast({{ column }} as string)
        {%- endif %}
        {%- if not loop.last %} || '|' ||{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
