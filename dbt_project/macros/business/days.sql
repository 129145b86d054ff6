{#- The day that is built. -#}
{% macro as_of_date() -%}
    {{ day(this_build('as_of')) }}
{%- endmacro %}

{#- The last day of the calendar month before the as-of day's: never the as-of day itself, so that a comparison with the last
    month's end always spans some days. -#}
{% macro last_month_end() -%}
    {{ add_days(month_start(as_of_date()), -1) }}
{%- endmacro %}
