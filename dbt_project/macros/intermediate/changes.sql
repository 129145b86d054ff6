{#- Which keys the new batches and the days since the last build affect. Used only by the int_changed_ models. -#}

{#- A condition: the batch is new since the last build, or its file was delivered again since. -#}
{% macro is_changed_batch() -%}
    batch in ({{ batch_list(this_build('changed_batches')) }})
{%- endmacro %}

{#- `'…', '…'`, for an in-list; a batch that does not exist if the list is empty. -#}
{% macro batch_list(batches) -%}
    '{{ (batches or ['none']) | join("', '") }}'
{%- endmacro %}

{#- A condition: the day is after the day of the last build and not after the as-of day. -#}
{% macro is_new_day(day) -%}
    ({{ day }} > date '{{ this_build("previous_as_of") }}' and {{ day }} <= date '{{ this_build("as_of") }}')
{%- endmacro %}

{#- The keys with a version that arrived, became known or happened since the last build, or one of whose later times has passed since,
    and those whose deletion did. -#}
{% macro touched_keys(name) -%}
{%- set spec = entity(name) -%}
select distinct source, {{ spec.key | join(', ') }}
from {{ ref('stg_' ~ name) }}
where
    {{ is_changed_batch() }}
    or {{ is_new_day('effective_on') }}
    or {{ is_new_day('event_on') }}
    or batch in (
        select batch from {{ ref('stg_redelivered_row') }}
        where entity = '{{ name }}' and outcome = 'removed' and {{ is_new_day('file_on') }}
    )
    {%- for column in spec.masked %}
    or {{ is_new_day(business_date(column)) }}
    {%- endfor %}
    {%- if is_deletable(name) %}
    or (source, {{ spec.key[0] }}) in ({{ changed_deletions(name) }})
    {%- endif %}
{%- endmacro %}

{#- The keys of an entity in batches that the last build had and whose file was delivered again since, and those with a deletion
    that arrived since: their earlier state can no longer be queried. -#}
{% macro redelivered_keys(name) -%}
select distinct source, {{ entity(name).key | join(', ') }}
from {{ ref('stg_' ~ name) }}
where
    batch in ({{ batch_list(this_build('changed_batches') | reject('in', this_build('new_batches')) | list) }})
    {%- if is_deletable(name) %}
    or (source, {{ entity(name).key[0] }}) in ({{ changed_deletions(name) }})
    {%- endif %}
{%- endmacro %}

{#- The versions of an entity that the last build had, as a relation. -#}
{% macro versions_before(name) -%}
    (
        select * from {{ ref('stg_' ~ name) }}
        where batch not in ({{ batch_list(this_build('new_batches')) }})
    ) as before
{%- endmacro %}

{#-
The body of every int_changed_ model, called with its name and its query. In a full build no key is listed, because every row is built
anyway. The query is rendered all the same, so that dbt knows which models it reads.
-#}
{% macro changed_keys(name, type='string') -%}
    {%- set query = caller() -%}
    {%- if this_build('previous_as_of') -%}
{{ query }}
    {%- else -%}
select {% for key in changed_key(name) %}cast(null as {{ type }}) as {{ key }}{{ ', ' if not loop.last }}{% endfor %}
where 1 = 0
    {%- endif -%}
{%- endmacro %}
