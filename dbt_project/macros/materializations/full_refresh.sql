{#-
Whether the current model is built in full. It is, if dbt's own rule says so, or in two more cases:
- Its code has changed since the last build. The run lists such models in this_build('rebuilt'), so that one dbt command
  rebuilds them and extends the others.
- It is built by changed keys, and there is no previous build to compare with.
-#}
{% macro should_full_refresh() -%}
    {%- set is_full = config.get('full_refresh') -%}
    {%- if is_full is none -%}
        {%- set has_no_previous_build = 'changed_by' in config.get('meta', {}) and this_build('previous_as_of') == '' -%}
        {%- set is_full = flags.FULL_REFRESH or has_no_previous_build
            or model.name in this_build('rebuilt').split(',') -%}
    {%- endif -%}
    {{ return(is_full) }}
{%- endmacro %}
