{#-
The body of every stg_<entity>: the rows of the entity `name` that break no rule, all versions of each key.

DuckDB estimates the rows of `column = value` by the number of different values, to decide which side of a join it keeps
in memory. For `broken_rules = ''` it expects a twentieth of the rows, and so keeps the wrong side: the wide rows. With
`is_accepted` alone it expects a fifth, and with `is_accepted = true` half of them.
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
