{#-
Whether the model at hand is built whole: dbt's own rule, and in addition the models whose code has changed since the build
that this one extends. A run names those (this_build('rebuilt')), so that one dbt command builds them whole and extends the rest.
-#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set asked = flags.FULL_REFRESH or model.name in this_build('rebuilt').split(',') -%}
    {%- endif -%}
    {{ return(asked) }}
{%- endmacro %}
