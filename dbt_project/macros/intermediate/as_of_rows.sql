{#-
The version of each key that counts at the end of a day: the body of every int_<entity>_as_of.

It is the latest version that was known by the day (effective_on; NULL: always known). If no version was known by then, it is the
earliest later one. In both cases its event must not be after the day. A version without an event may be used too: a catalogue or
an address list that was exported later also describes earlier days. Times of later events (masked) are NULL if they are after the
day, and so is the state that depends on them.

A row that a later delivery of its file has replaced does not count (see redelivered_rows), nor does a row of a deleted record
(see deletions). Most keys have a single version: only the versions of the other keys are sorted.

versions  a relation with the columns of stg_<entity>
day       a date, as text; the as-of day by default
landed    a relation with a row for each version, by which keys with several versions are found; `versions` by default
allow_undated  whether a later version without an event may be used
where     a condition on the versions, e.g. that their key has changed
first     an order of versions that comes before all others, e.g. `is_listed desc`
also      columns of the versions that are selected in addition to those of stg_<entity>
-#}
{% macro as_of_rows(name, versions, day=none, landed=none, allow_undated=true, where='1 = 1', first='', also=[]) -%}
{%- set spec = entity(name) -%}
{%- set day_text = day or this_build('as_of') -%}
{%- set day = "date '" ~ day_text ~ "'" -%}
{%- set keys = ['source'] + spec.key -%}
with several as (
    select {{ keys | join(', ') }}
    from {{ landed or versions }}
    where {{ where }}
    group by {{ keys | join(', ') }}
    having count(*) > 1
),

contested as (
    select
        asked.*,
        coalesce(batches.n_later, 0) as n_later_deliveries,
        coalesce(asked.effective_on <= {{ day }}, true) as is_known
    from (
        select * from {{ versions }}
        where {{ where }}
    ) as asked
    inner join several
        on {% for key in keys %}asked.{{ key }} = several.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    left join {{ ref('stg_batch') }} as batches
        on asked.source = batches.source and asked.batch = batches.batch and batches.entity = '{{ name }}'
    {{ join_deleted(name, 'asked', day) }}
    where
        not {{ is_replaced(name, 'asked', day) }}
        and {{ is_not_deleted(name, 'asked', day) }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by {{ keys | join(', ') }}
            order by
                {{ first ~ ',' if first }}
                is_known desc,
                case when is_known then updated_at end desc nulls last,
                case when is_known then file_on end desc nulls last,
                case when is_known then n_later_deliveries end asc nulls last,
                case when is_known then content_hash end desc nulls last,
                case when is_known then batch end desc nulls last,
                effective_at asc nulls last,
                updated_at asc nulls first,
                file_on asc nulls first,
                n_later_deliveries asc,
                content_hash asc,
                batch asc,
                line asc
        ) as version_rank
    from contested
),

{%- set columns = staged_columns(name) + also %}

latest as (
    select {{ columns | join(', ') }}
    from ranked
    where version_rank = 1
    union all
    select {{ columns | join(', ') }}
    from (
        select * from {{ versions }}
        where {{ where }}
    ) as asked
    {{ join_deleted(name, 'asked', day) }}
    where
        not exists (
            select 1 from several
            where {% for key in keys %}several.{{ key }} = asked.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
        )
        and not {{ is_replaced(name, 'asked', day) }}
        and {{ is_not_deleted(name, 'asked', day) }}
)

select
    {%- for column in columns %}
    {%- if column in spec.masked %}
    case when {{ is_by(column, day_text) }} then {{ column }} end as {{ column }}
    {%- elif column in spec.state %}
    case when not ({{ any_later(spec.masked, day_text) }}) then {{ column }} end as {{ column }}
    {%- else %}
    {{ column }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from latest
where
    event_on <= {{ day }}
    {%- if allow_undated %}
    or event_on is null
    {%- else %}
    or (event_on is null and coalesce(effective_on <= {{ day }}, true))
    {%- endif %}
{%- endmacro %}

{#- Whether one of the times is after a day, which is given as text. -#}
{% macro any_later(columns, day_text) -%}
    {%- for column in columns -%}
        coalesce(not {{ is_by(column, day_text) }}, false){{ ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
