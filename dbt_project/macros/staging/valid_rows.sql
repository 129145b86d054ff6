{#- The body of every stg_<entity>: the rows of the entity `name` that break no rule, all versions of each key. -#}
{% macro valid_rows(name) -%}
select
    {{ staged_columns(name) | join(',\n    ') }}
from {{ ref('stg_' ~ name ~ '__checked') }}
where broken_rules = ''
{%- endmacro %}

{#- The columns of stg_<entity>, in order. -#}
{% macro staged_columns(name) -%}
    {{ return(
        ['source'] + (entity(name).columns | list)
        + ['file_on', 'event_on', 'effective_at', 'effective_on', 'content_hash', 'batch', 'file_name', 'part', 'record']
        + ['line']
    ) }}
{%- endmacro %}
