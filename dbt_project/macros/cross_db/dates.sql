{#-
Calculations with calendar days: whole days and months only, and every result is a DATE or an INTEGER.

dbt's own macros are not suitable for both engines. dateadd returns a TIMESTAMP, last_day and datediff cast each row to
a TIMESTAMP and back, and date_spine needs its bounds before the query runs.
-#}

{#- The number of days from `earlier` to `later`, an INTEGER. -#}
{% macro days_between(later, earlier) -%}
    {{ return(adapter.dispatch('days_between', 'loyalty')(later, earlier)) }}
{%- endmacro %}

{% macro default__days_between(later, earlier) -%}
    cast(datediff('day', {{ earlier }}, {{ later }}) as integer)
{%- endmacro %}

{% macro spark__days_between(later, earlier) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{#- The DATE `n` days after `day`; `n` may be negative. -#}
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

{#- The day of the week: 1 is Monday, 7 is Sunday. -#}
{% macro iso_day_of_week(day) -%}
    {#- 2000-01-03 was a Monday. The second remainder makes the result positive for days before it. -#}
    cast(((({{ days_between(day, "date '2000-01-03'") }}) % 7) + 7) % 7 + 1 as integer)
{%- endmacro %}

{#- A DATE constant from text that comes from a var or from Jinja. -#}
{% macro day(text) -%}
    date '{{ text }}'
{%- endmacro %}
