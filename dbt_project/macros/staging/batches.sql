{#-
A condition on landed rows of the entity `name`: this run has to check their batch. A full build checks all batches
that the ledger has committed. An incremental build checks only batches that are not in the table yet. They are listed
as constants, so that the engine opens only their files.
-#}
{% macro batch_is_new(name) -%}
    {%- set ledger = landed('ledger') -%}
    {%- set committed -%}
        select batch from {{ ledger }} where entity = '{{ name }}' and landed_rows > 0
    {%- endset -%}
    {%- if not execute or not is_incremental() -%}
        batch in ({{ committed }})
    {%- else -%}
        {%- set found = run_query(committed ~ ' and batch not in (select distinct batch from ' ~ this ~ ') order by batch') -%}
        {%- set batches = found.columns[0].values() | unique | list -%}
        {%- if batches -%} batch in ('{{ batches | join("', '") }}')
        {%- else -%} batch = 'none' and 1 = 0
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
