{#-
Each key's winner at the end of a day: the body of every int_<entity>_as_of.

Of the versions known by then (effective_on; NULL: always) the latest; where all became known later, the earliest stands in.
Either way only if its event did not lie after the day. A version without an event of its own may stand in too: a catalogue
or an address list exported today says what was there before. Times of later events (masked) are NULL after the day, and so
is the state that speaks of them.

versions  a relation with the columns of stg_<entity>
day       a date, as text; the as-of day by default
standing  whether a version without an event may stand in
where     a condition on the versions, e.g. that their key has changed
-#}
{% macro as_of_rows(name, versions, day=none, standing=true, where='1 = 1') -%}
{%- set spec = entity(name) -%}
{%- set day = "date '" ~ (day or this_build('as_of')) ~ "'" -%}
with versions as (
    select
        *,
        coalesce(effective_on <= {{ day }}, true) as is_known
    from {{ versions }}
    where {{ where }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, {{ spec.key | join(', ') }}
            order by
                is_known desc,
                case when is_known then updated_at end desc nulls last,
                case when is_known then file_on end desc nulls last,
                case when is_known then content_hash end desc nulls last,
                case when is_known then batch end desc nulls last,
                effective_at asc nulls last,
                updated_at asc nulls first,
                file_on asc nulls first,
                content_hash asc,
                batch asc,
                line asc
        ) as version_rank
    from versions
)

select
    {%- for column in staged_columns(name) %}
    {%- if column in spec.masked %}
    case when {{ business_date(column) }} <= {{ day }} then {{ column }} end as {{ column }}
    {%- elif column in spec.state %}
    case when not ({{ any_later(spec.masked, day) }}) then {{ column }} end as {{ column }}
    {%- else %}
    {{ column }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from ranked
where
    version_rank = 1
    and (event_on <= {{ day }} or (event_on is null and (is_known or {{ 'true' if standing else 'false' }})))
{%- endmacro %}

{% macro any_later(columns, day) -%}
    {%- for column in columns -%}
        coalesce({{ business_date(column) }} > {{ day }}, false){{ ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
