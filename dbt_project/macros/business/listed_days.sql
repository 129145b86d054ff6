{#- A query with one row per day of a list of days as text: observed_on, and from_on, the day before it in the list. -#}
{% macro listed_days(days) -%}
    {%- for day_text in days %}
    select
        {{ day(day_text) }} as observed_on,
        {{ day(days[loop.index0 - 1]) if loop.index0 else 'cast(null as date)' }} as from_on
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
