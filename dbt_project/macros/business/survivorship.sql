{#-
The rank of a source by the setting model.identity.survivorship: 0 for the best one. All sources that the setting does
not list have the same rank, after the listed ones.
-#}
{% macro survivorship_rank(source) -%}
    {%- set names = var('identity_survivorship') -%}
    {%- if names %}
    case {{ source }}
        {%- for name in names %}
        when '{{ dbt.escape_single_quotes(name) }}' then {{ loop.index0 }}
        {%- endfor %}
        else {{ names | length }}
    end
    {%- else -%}
    0
    {%- endif -%}
{%- endmacro %}
