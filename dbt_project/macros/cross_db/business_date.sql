{#- The date of a UTC timestamp (`ts`) in the configured time zone (var timezone). -#}
{% macro business_date(ts) -%}
    {{ return(adapter.dispatch('business_date', 'loyalty')(ts)) }}
{%- endmacro %}

{% macro default__business_date(ts) -%}
    cast(timezone('{{ var("timezone") }}', timezone('UTC', {{ ts }})) as date)
{%- endmacro %}

{% macro spark__business_date(ts) -%}
    to_date(from_utc_timestamp({{ ts }}, '{{ var("timezone") }}'))
{%- endmacro %}

{#- The UTC timestamp at which a date (`day`) begins in the configured time zone. -#}
{% macro start_of_business_date(day) -%}
    {{ return(adapter.dispatch('start_of_business_date', 'loyalty')(day)) }}
{%- endmacro %}

{% macro default__start_of_business_date(day) -%}
    timezone('UTC', timezone('{{ var("timezone") }}', cast({{ day }} as timestamp)))
{%- endmacro %}

{% macro spark__start_of_business_date(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("timezone") }}')
{%- endmacro %}

{#-
Whether the business date of a UTC timestamp (`ts`) is on or before a date. `day_text` is the date as text, known when
Jinja runs; if it is empty, every timestamp is converted.

Conversion between time zones is slow. No zone differs from UTC by more than a day, so only timestamps within two days
of the date are converted.
-#}
{% macro is_by(ts, day_text) -%}
    {%- set converted = business_date(ts) ~ " <= date '" ~ day_text ~ "'" -%}
    {%- if not day_text -%} {{ return(converted) }} {%- endif -%}
    {%- set day = modules.datetime.date.fromisoformat(day_text) -%}
    {%- set days = modules.datetime.timedelta -%}
    (case
        when {{ ts }} < timestamp '{{ day - days(days=1) }} 00:00:00' then true
        when {{ ts }} >= timestamp '{{ day + days(days=3) }} 00:00:00' then false
        else {{ converted }}
    end)
{%- endmacro %}

{#-
The hour of a UTC timestamp (`ts`) in the configured time zone, 0 to 23, an INTEGER. NULL at midnight to the second: then
the source knows only the day.
-#}
{% macro business_hour(ts) -%}
        case when not {{ is_date_only(ts) }} then cast(extract(hour from {{ local_time(ts) }}) as integer) end
{%- endmacro %}

{#-
Whether a UTC timestamp (`ts`) is midnight, to the second, in the configured time zone: then the source knows only the
day.
-#}
{% macro is_date_only(ts) -%}
    {%- set local = local_time(ts) -%}
    (extract(hour from {{ local }}) + extract(minute from {{ local }}) + extract(second from {{ local }}) = 0)
{%- endmacro %}

{#- A UTC timestamp (`ts`) as the time on the clock in the configured time zone. -#}
{% macro local_time(ts) -%}
    {{ return(adapter.dispatch('local_time', 'loyalty')(ts)) }}
{%- endmacro %}

{% macro default__local_time(ts) -%}
    timezone('{{ var("timezone") }}', timezone('UTC', {{ ts }}))
{%- endmacro %}

{% macro spark__local_time(ts) -%}
    from_utc_timestamp({{ ts }}, '{{ var("timezone") }}')
{%- endmacro %}
