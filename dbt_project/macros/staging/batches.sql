{#-
The landed rows of the entity `name` that this run has to check. A full build checks all batches that the ledger has
committed. An incremental build checks only batches that are not in the table yet. They are listed as constants, so that
the engine opens only their files.
-#}
{% macro rows_to_check(name) -%}
    {%- set ledger = landed('ledger') -%}
    {%- set committed -%}
        select batch from {{ ledger }} where entity = '{{ name }}' and landed_rows > 0
    {%- endset -%}
    {%- if not execute or not is_incremental() -%}
    {{ landed_in(name, committed) }}
    {%- else -%}
        {%- set new = run_query(committed ~ ' and batch not in (select distinct batch from ' ~ this ~ ') order by batch') -%}
    select * from {{ landed(name) }}
    where {{ batch_in(new.columns[0].values()) }}
    {%- endif -%}
{%- endmacro %}
