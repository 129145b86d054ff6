{#-
Days of the calendar, by whole days and months, always DATE or INTEGER. dbt's own macros do not serve both engines: dateadd gives a
TIMESTAMP, last_day and datediff cast each row to one and back, and date_spine needs its bounds before the query runs.
-#}

{#- Days from `earlier` to `later`, an INTEGER. -#}
{% macro days_between(later, earlier) -%}
    {{ return(adapter.dispatch('days_between', 'loyalty')(later, earlier)) }}
{%- endmacro %}

{% macro default__days_between(later, earlier) -%}
    cast(datediff('day', {{ earlier }}, {{ later }}) as integer)
{%- endmacro %}

{% macro spark__days_between(later, earlier) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{% macro add_days(day, n) -%}
    {{ return(adapter.dispatch('add_days', 'loyalty')(day, n)) }}
{%- endmacro %}

{% macro default__add_days(day, n) -%}
    ({{ day }} + cast({{ n }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, n) -%}
    date_add({{ day }}, cast({{ n }} as integer))
{%- endmacro %}

{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro month_end(day) -%}
    last_day({{ day }})
{%- endmacro %}

{#- 1 is Monday, 7 Sunday. -#}
{% macro iso_day_of_week(day) -%}
    {#- 2000-01-03 was a Monday; the second remainder keeps days before it positive. -#}
    cast(((({{ days_between(day, "date '2000-01-03'") }}) % 7) + 7) % 7 + 1 as integer)
{%- endmacro %}

{#- A day written as text in a var or by Jinja. -#}
{% macro day(text) -%}
    date '{{ text }}'
{%- endmacro %}
