{#- The landed rows of an entity, as text. -#}
{% macro landed(entity) -%}
    {{ source('landing', entity) }}
{%- endmacro %}
