{#-
The var named `column`, if loyalty.yml sets it; otherwise this column of the industry's preset (CTE `presets`). `type`
is the type of the result.
-#}
{% macro preset(column, type) -%}
    {%- set configured = var(column, none) -%}
    {%- if configured is none -%}
        cast(presets.{{ column }} as {{ type }})
    {%- else -%}
        cast({{ configured }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
