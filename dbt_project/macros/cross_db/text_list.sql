{#- `'a', 'b'`, for an in-list of the texts of a setting; a text that no column has if the list is empty. -#}
{% macro text_list(texts) -%}
    {%- for text in texts or [''] -%}
        '{{ dbt.escape_single_quotes(text) }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
