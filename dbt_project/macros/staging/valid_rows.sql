{#-
The body of every stg_<entity>: the rows of the entity `name` that break no rule, all versions of each key.

DuckDB estimates how many rows `column = value` selects from the number of distinct values. The estimate decides which
side of a join it keeps in memory. For `broken_rules = ''` it expected 5 % of the rows, and kept the wide rows of staging.
It expects 20 % for `is_accepted`, and 50 % for `is_accepted = true`.
-#}
{% macro valid_rows(name) -%}
select
    {{ staged_columns(name) | join(',\n    ') }}
from {{ ref('stg_' ~ name ~ '__checked') }}
where is_accepted = true
{%- endmacro %}

{#- The columns of stg_<entity>, in order. -#}
{% macro staged_columns(name) -%}
    {{ return(
        ['source'] + (entity(name).columns | list)
        + ['file_on', 'event_on', 'effective_at', 'effective_on', 'content_hash', 'batch', 'file_name', 'part', 'record']
        + ['line']
    ) }}
{%- endmacro %}
