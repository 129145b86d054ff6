{#- Per group: the value of a column if there is only one; `several` if there are more; NULL if none is known. -#}
{% macro one_or_several(column) -%}
    case when min({{ column }}) <> max({{ column }}) then 'several' else min({{ column }}) end
{%- endmacro %}
