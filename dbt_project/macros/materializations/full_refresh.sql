{#-
Whether the model at hand is built in full. dbt's own rule, and two more: its code has changed since the last build (the run
lists such models in this_build('rebuilt'), so that one dbt command rebuilds them and extends the others), or it is built by
changed keys and there is no earlier build to compare with.
-#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set has_no_previous_build = 'changed_by' in config.get('meta', {}) and this_build('previous_as_of') == '' -%}
        {%- set asked = flags.FULL_REFRESH or has_no_previous_build or model.name in this_build('rebuilt').split(',') -%}
    {%- endif -%}
    {{ return(asked) }}
{%- endmacro %}
