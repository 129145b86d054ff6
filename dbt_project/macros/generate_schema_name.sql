{#-
A model's schema is the one that it names, without the target's in front. A backfill builds into schemas of its own
(var scratch_schema) and shares what does not depend on the day: the seeds and the models of models/staging.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name or target.schema) | trim -%}
    {%- set prefix = var('scratch_schema') -%}
    {%- if prefix and node.fqn[1] in ['intermediate', 'marts'] -%} {{ prefix }}_{{ name }}
    {%- else -%} {{ name }}
    {%- endif -%}
{%- endmacro %}
