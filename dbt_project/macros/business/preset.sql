{#- preset(column): the var of that name if loyalty.yml sets it, else the column of the industry's preset. -#}
{% macro preset(column, type) -%}
    {%- set own = var(column, none) -%}
    {%- if own is none -%}
        cast(presets.{{ column }} as {{ type }})
    {%- else -%}
        cast({{ own }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
