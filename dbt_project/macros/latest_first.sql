{#-
The order of the versions of a key (`relation`): the version that counts comes first. The time of landing is ignored,
except for deliveries of the same file name: n_later_deliveries is the number of later deliveries.
-#}
{% macro latest_first(relation) -%}
    {{ relation }}.updated_at desc nulls last,
    {{ relation }}.file_on desc nulls last,
    {{ relation }}.n_later_deliveries asc,
    {{ relation }}.content_hash desc,
    {{ relation }}.batch desc,
    {{ relation }}.line asc
{%- endmacro %}
