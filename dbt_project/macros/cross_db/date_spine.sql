{#-
A query with one column, date_on: every day from `first` to `last`. Both are expressions over `bounds`, a relation with
one row.
-#}
{% macro date_spine(first, last, bounds) -%}
    {{ return(adapter.dispatch('date_spine', 'loyalty')(first, last, bounds)) }}
{%- endmacro %}

{% macro default__date_spine(first, last, bounds) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as date_on
    from {{ bounds }}
{%- endmacro %}

{% macro spark__date_spine(first, last, bounds) -%}
    select explode(sequence({{ first }}, {{ last }}, interval 1 day)) as date_on
    from {{ bounds }}
{%- endmacro %}
