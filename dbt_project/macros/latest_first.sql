{#- The order of versions of a key, the one that counts first. When rows landed plays no part, but for deliveries of one name:
    n_later_deliveries says how many have followed. -#}
{% macro latest_first() -%}
    updated_at desc nulls last, file_on desc nulls last, n_later_deliveries asc, content_hash desc, batch desc, line asc
{%- endmacro %}
