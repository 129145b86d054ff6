{#- The order of versions of a key, the one that counts first: never the order of arrival. -#}
{% macro latest_first() -%}
    updated_at desc nulls last, file_on desc nulls last, content_hash desc, batch desc, line asc
{%- endmacro %}
