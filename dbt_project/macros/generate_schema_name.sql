{#-
A model's schema is the configured one, without the target's schema as a prefix. A backfill builds intermediate models
and marts into its own schemas (var scratch_schema). It shares the seeds and the models of models/staging, because they
do not depend on the day. A published version (target published) has its marts in the target's schema.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name if custom_schema_name and target.name != 'published' else target.schema) | trim -%}
    {%- set prefix = var('scratch_schema') -%}
    {%- if prefix and node.fqn[1] in ['intermediate', 'marts'] -%} {{ prefix }}_{{ name }}
    {%- else -%} {{ name }}
    {%- endif -%}
{%- endmacro %}
