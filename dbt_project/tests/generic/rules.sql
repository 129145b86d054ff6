{#-
All rules of a table in one test: a row for each rule that fails, with the number of rows that break it (of keys: the number of
keys). Rules that look at one row each share one scan. A rule's name is its kind and its column; pipelines/runs/dbt_rules.py
makes the same names.

    grain               One row for each combination of the columns; none is NULL but those named as optional, where NULLs are equal.
    n_rows              Exactly so many rows.
    not_null, unique    Lists of columns. NULLs are not compared.
    within_bounds       {columns, low, high}: NULL, or between low and high, both included; either may be left out.
    accepted_values     {columns, values, quote}: NULL, or one of the values; quote is false for numbers.
    conditions          By name, what is true of every row.
    relationships       {column, to, field}: NULL, or in that column of another table.
-#}
{% test rules(
    model, grain=none, optional=[], n_rows=none, not_null=[], unique=[], within_bounds=[], accepted_values=[], conditions={},
    relationships=[]
) %}
{%- set rows = row_rules(not_null, within_bounds, accepted_values, conditions) -%}
{%- if n_rows is not none -%}
    {%- do rows.update({'n_rows': 'case when count(*) <> ' ~ n_rows ~ ' then 1 else 0 end'}) -%}
{%- endif -%}
{%- set keys = key_rules(model, grain, optional, unique, relationships) -%}
{%- if rows %}
with scanned as (
    select
        {%- for name, broken in rows.items() %}
        {{ broken }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
),

names as (
    {%- for name in rows %}
    select '{{ name }}' as rule{{ ' union all' if not loop.last }}
    {%- endfor %}
)
{% endif %}
select
    rule,
    n_rows
from (
    {%- if rows %}
    select
        names.rule,
        case names.rule
            {%- for name in rows %}
            when '{{ name }}' then scanned.{{ name }}
            {%- endfor %}
        end as n_rows
    from names
    cross join scanned
    {%- endif %}
    {%- for name, broken in keys.items() %}
    {%- if rows or not loop.first %}
    union all
    {%- endif %}
    select
        '{{ name }}' as rule,
        count(*) as n_rows
    from ({{ broken }}) as broken
    {%- endfor %}
) as counted
where n_rows > 0
{% endtest %}
