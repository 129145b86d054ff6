{#-
Tables and views of DuckDB: one transaction drops the previous relation and creates the new one. If the model fails, the
previous relation stays. dbt-duckdb creates the new one under another name, renames both, and drops the previous one after
the commit. These are five statements more for each model, and took a fifth of a small build.
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
