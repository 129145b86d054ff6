{#-
All rules of a table in one test. The result has a row per failed rule, with the number of rows that break it (for
rules on keys: the number of keys). Rules that each look at one row share one scan. A rule's name is its kind and its
column; pipelines/runs/dbt_rules.py builds the same names.

    grain               One row per combination of these columns. None of them is NULL, except for the columns in
                        `optional`, in which NULLs are equal.
    n_rows              The exact number of rows.
    not_null            Columns without NULL.
    unique              Columns without duplicates. NULLs are not compared.
    within_bounds       {columns, low, high}: NULL, or between low and high, both included. Either may be left out.
    accepted_values     {columns, values, quote}: NULL, or one of the values. quote is false for numbers.
    conditions          {name: condition}: conditions that are true for every row.
    relationships       {column, to, field}: NULL, or a value of the column `field` of the table `to`.
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
