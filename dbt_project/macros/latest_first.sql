{#- The order of versions of a key, the one that counts first. When rows landed plays no part, but for deliveries of one name:
    n_later_deliveries says how many have followed. -#}
{% macro latest_first(relation) -%}
    {{ relation }}.updated_at desc nulls last,
    {{ relation }}.file_on desc nulls last,
    {{ relation }}.n_later_deliveries asc,
    {{ relation }}.content_hash desc,
    {{ relation }}.batch desc,
    {{ relation }}.line asc
{%- endmacro %}
