{#- What the time since the last build and the batches since then have changed. Used by the int_changed_ models only. -#}

{#- A condition: the batch is new since the last build, or its file was delivered again since. -#}
{% macro is_changed_batch() -%}
    batch in ({{ batch_list(this_build('changed_batches')) }})
{%- endmacro %}

{#- `'…', '…'`, for an in-list; a batch that does not exist if the list is empty. -#}
{% macro batch_list(batches) -%}
    '{{ (batches or ['none']) | join("', '") }}'
{%- endmacro %}

{#- A condition: the day lies after the last build's and not after this one's. -#}
{% macro is_new_day(day) -%}
    ({{ day }} > date '{{ this_build("previous_as_of") }}' and {{ day }} <= date '{{ this_build("as_of") }}')
{%- endmacro %}

{#- The keys of which some version came, became known or happened since the last build, or had one of its later times since. -#}
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
{%- endmacro %}

{#- The keys of an entity in batches that the last build knew, and whose file was delivered again since: what they were then
    cannot be asked any more. -#}
{% macro redelivered_keys(name) -%}
select distinct source, {{ entity(name).key | join(', ') }}
from {{ ref('stg_' ~ name) }}
where batch in ({{ batch_list(this_build('changed_batches') | reject('in', this_build('new_batches')) | list) }})
{%- endmacro %}

{#- The versions of an entity that the last build knew of, as a relation. -#}
{% macro versions_before(name) -%}
    (
        select * from {{ ref('stg_' ~ name) }}
        where batch not in ({{ batch_list(this_build('new_batches')) }})
    ) as before
{%- endmacro %}

{#-
The body of every int_changed_ model, called with the query. On a full build nothing counts as changed, because every row is
built anyway; the query is rendered all the same, so that dbt knows what it refers to.
-#}
{% macro changed_keys(keys, type='string') -%}
    {%- set query = caller() -%}
    {%- if this_build('previous_as_of') -%}
{{ query }}
    {%- else -%}
select {% for key in keys %}cast(null as {{ type }}) as {{ key }}{{ ', ' if not loop.last }}{% endfor %}
where 1 = 0
    {%- endif -%}
{%- endmacro %}
