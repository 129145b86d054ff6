{#-
Tables and views of DuckDB: one transaction drops the previous relation and creates the new one, so that readers find
either. dbt-duckdb creates it under another name, renames both and drops the previous one after the commit. That is
five statements more for each model, and a quarter of the time that dbt takes for a small one.
-#}
{% materialization table, adapter='duckdb' -%}
    {{ return({'relations': [replaced(this.incorporate(type='table'))]}) }}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {{ return({'relations': [replaced(this.incorporate(type='view'))]}) }}
{%- endmaterialization %}

{#- Replaces the model's relation, of any type, by `target`, and returns it. -#}
{% macro replaced(target) -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {%- if existing is not none -%} drop {{ existing.type }} {{ existing }}; {%- endif %}
        {% if target.is_view %}{{ create_view_as(target, sql) }}{% else %}{{ create_table_as(false, target, sql) }}{% endif %}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return(target) }}
{%- endmacro %}
