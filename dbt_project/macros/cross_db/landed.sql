{#-
Parquet files outside the warehouse: the landed entities, and the tables that Python writes to exchange/. DuckDB reads
the files from the source's external_location (dbt_project.yml). On Spark, a view with the source's name reads them.
-#}

{#- The landed rows of an entity, as text. -#}
{% macro landed(entity) -%}
    {{ source('landing', entity) }}
{%- endmacro %}

{#-
The landed rows of an entity in the batches that the query `batches` gives. A run on DuckDB reads the packs of landing
(pipelines/landing/packs.py) and lists the other batches as constants, so that the engine opens few files. A pack has the
same rows as its batches, so the compiled project, which is hashed, does not name packs.
-#}
{% macro landed_in(entity, batches) -%}
    {{ return(adapter.dispatch('landed_in', 'loyalty')(entity, batches)) }}
{%- endmacro %}

{% macro default__landed_in(entity, batches) -%}
    {%- set packs = var('landing_dir') | replace("'", "''") | replace('[', '[[]') | replace('*', '[*]') ~ '/packs/' -%}
    {%- set listed = "'" ~ packs ~ "packed.parquet'" -%}
    {%- set is_packed = execute and flags.WHICH in ('build', 'run')
        and run_query('select 1 from glob(' ~ listed ~ ')').rows | length > 0 -%}
    {%- set packed = "select batch from read_parquet(" ~ listed ~ ") where dataset = '" ~ entity ~ "'" -%}
    {%- if not is_packed or not run_query(packed ~ ' limit 1').rows | length -%}
        {{ spark__landed_in(entity, batches) }}
    {%- else -%}
        {%- set others = run_query('select batch from (' ~ batches ~ ') where batch not in (' ~ packed ~ ') order by batch') -%}
    select * from read_parquet('{{ packs }}{{ entity }}/*.parquet', hive_partitioning = false)
    where batch in ({{ batches }})
    union all by name
    select * from {{ landed(entity) }}
    where {{ batch_in(others.columns[0].values()) }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__landed_in(entity, batches) -%}
    select * from {{ landed(entity) }}
    where batch in ({{ batches }})
{%- endmacro %}

{#- A condition: the batch is one of a list. -#}
{% macro batch_in(batches) -%}
    {%- if batches -%} batch in ('{{ batches | unique | join("', '") }}')
    {%- else -%} batch = 'none' and 1 = 0
    {%- endif -%}
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
