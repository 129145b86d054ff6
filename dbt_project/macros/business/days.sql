{#- The as-of day: the day for which the marts are built. -#}
{% macro as_of_date() -%}
    {{ day(this_build('as_of')) }}
{%- endmacro %}

{#-
The last day of the calendar month before the as-of day's month. It is never the as-of day itself, so a comparison with
the last month end always covers at least one day.
-#}
{% macro last_month_end() -%}
    {{ add_days(month_start(as_of_date()), -1) }}
{%- endmacro %}

{#- How many days after the as-of day the calendar (dim_date) reaches: forecasts reach 24 months. -#}
{% macro calendar_days_ahead() -%}
    731
{%- endmacro %}
