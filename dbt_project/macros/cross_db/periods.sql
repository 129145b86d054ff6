{#-
Calendar periods: a month, a quarter or a year, named by its first day. Models have a row per kind of period, so `kind`
is a constant known when Jinja runs, or a column (`period_kind`) where a model has all kinds.
-#}

{#- The kinds of periods, shortest first. -#}
{% macro period_kinds() -%}
    {{ return(['month', 'quarter', 'year']) }}
{%- endmacro %}

{#- The first day of the period of a kind (constant) that contains `day`. -#}
{% macro period_start(kind, day) -%}
    cast(date_trunc('{{ kind }}', {{ day }}) as date)
{%- endmacro %}

{#- The last day of the period of a kind (constant) that begins on `period_on`: its last month is reached after 0, 62 or 340 days. -#}
{% macro period_end(kind, period_on) -%}
    {{ month_end(add_days(period_on, {'month': 0, 'quarter': 62, 'year': 340}[kind])) }}
{%- endmacro %}
