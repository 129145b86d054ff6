{#-
md5 over columns, as 32 hex digits; NULL where one of them is NULL. Sources hold no bar; what stands between the first and
the last column is preceded by its length, so that neighbours cannot run together.
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
