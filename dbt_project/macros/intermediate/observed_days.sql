{#-
The days on which customers are observed: the as-of day and the latest month ends on or before it (setting history_months), as
text, ascending.
They are constants, so that the rows to keep from the last build are known before any row is read.
-#}
{% macro observed_days(as_of=none) -%}
    {{ return(days_back(as_of or this_build('as_of'), var('history_months'))) }}
{%- endmacro %}

{#- The days on which marts have levels and classes: the as-of day and the latest month ends on or before it (setting
    model.level.months), as text, ascending. -#}
{% macro mart_days() -%}
    {{ return(days_back(this_build('as_of'), var('level_months'))) }}
{%- endmacro %}

{#- mart_days as a query, one row per day: observed_on, observed_number (1 for the first), is_month_end. -#}
{% macro mart_day_rows() -%}
    {%- for day in mart_days() or ['0001-01-01'] %}
    select
        date '{{ day }}' as observed_on,
        {{ loop.index }} as observed_number,
        {{ 'true' if not loop.last or day == last_observed_month_end() else 'false' }} as is_month_end
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- A day and a number of month ends on or before it, as text, ascending; no day if the day is "". -#}
{% macro days_back(day, months) -%}
    {%- set days = [day] -%}
    {%- if day -%}
        {%- set date = modules.datetime.date -%}
        {%- set next_day = date.fromisoformat(day) + modules.datetime.timedelta(days=1) -%}
        {%- set next_month = next_day.year * 12 + next_day.month - 1 -%}
        {%- for back in range(months) -%}
            {%- set month = next_month - back -%}
            {%- set month_end = date(month // 12, month % 12 + 1, 1) - modules.datetime.timedelta(days=1) -%}
            {%- do days.append(month_end.isoformat()) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(days | unique | sort | list) }}
{%- endmacro %}

{#- The latest of them that is a month end, as text: the as-of day itself if it is a month end. -#}
{% macro last_observed_month_end() -%}
    {%- set as_of = this_build('as_of') -%}
    {%- if not as_of -%} {{ return('') }} {%- endif -%}
    {%- set next_day = modules.datetime.date.fromisoformat(as_of) + modules.datetime.timedelta(days=1) -%}
    {{ return((next_day.replace(day=1) - modules.datetime.timedelta(days=1)).isoformat()) }}
{%- endmacro %}

{#- The observed days whose rows in the last build are still valid. The as-of day of the last build has decayed sums, which a month
    end does not have, so it is rebuilt unless it is the as-of day again. -#}
{% macro kept_days() -%}
    {%- set previous = this_build('previous_as_of') -%}
    {%- set before = observed_days(previous) if previous else [] -%}
    {%- set changed = [] if previous == this_build('as_of') else [previous] -%}
    {{ return(observed_days() | select('in', before) | reject('in', changed) | list) }}
{%- endmacro %}

{% macro new_days() -%}
    {{ return(observed_days() | reject('in', kept_days()) | list) }}
{%- endmacro %}

{#- `date '…', date '…'`, for an in-list; a day that never occurs if the list is empty. -#}
{% macro day_list(days) -%}
    date '{{ (days or ["0001-01-01"]) | join("', date '") }}'
{%- endmacro %}
