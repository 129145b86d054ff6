{#-
Parquet files outside the warehouse: the landed entities, and the tables that Python writes to exchange/. DuckDB reads
the files from the source's external_location (dbt_project.yml). On Spark, a view with the source's name reads them.
-#}

{#- The landed rows of an entity, as text. -#}
{% macro landed(entity) -%}
    {{ source('landing', entity) }}
{%- endmacro %}

{#- Registers every source that the selected nodes read with the engine. Runs at the start of a dbt command. -#}
{% macro register_sources() -%}
    {{ return(adapter.dispatch('register_sources', 'loyalty')()) }}
{%- endmacro %}

{% macro default__register_sources() -%}
{%- endmacro %}

{% macro spark__register_sources() -%}
    {%- if execute -%}
        {%- set wanted = [] -%}
        {%- for id in selected_resources if id in graph.nodes -%}
            {%- do wanted.extend(graph.nodes[id].depends_on.nodes) -%}
        {%- endfor -%}
        {%- for id in wanted | unique | sort if id in graph.sources -%}
            {%- set node = graph.sources[id] -%}
            {%- set folder = var('landing_dir') ~ '/' ~ node.name if node.source_name == 'landing'
                else var('exchange_dir') ~ '/' ~ node.name ~ '.parquet' -%}
            {%- do run_query('create schema if not exists ' ~ node.schema) -%}
            {%- do run_query(
                'create or replace view ' ~ node.schema ~ '.' ~ node.name ~ ' as select * from parquet.`' ~ folder ~ '`'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
