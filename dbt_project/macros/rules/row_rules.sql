{#-
The rules that each look at one row: a dictionary of rule name to the aggregate that counts the rows that break the
rule. The arguments are those of the test `rules` (tests/generic/rules.sql).
-#}
{% macro row_rules(not_null, within_bounds, accepted_values, conditions) -%}
    {%- set rules = {} -%}
    {%- for column in not_null -%}
        {%- do rules.update({'not_null_' ~ column: count_of(column ~ ' is null')}) -%}
    {%- endfor -%}
    {%- for rule in within_bounds -%}
        {%- for column in rule.columns -%}
            {%- set broken = [] -%}
            {%- if rule.low is defined -%}{%- do broken.append(column ~ ' < ' ~ rule.low) -%}{%- endif -%}
            {%- if rule.high is defined -%}{%- do broken.append(column ~ ' > ' ~ rule.high) -%}{%- endif -%}
            {%- do rules.update({'within_bounds_' ~ column: count_of(broken | join(' or '))}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for rule in accepted_values -%}
        {%- set quote = "'" if rule.quote is not defined or rule.quote else '' -%}
        {%- for column in rule.columns -%}
            {%- set values = quote ~ (rule['values'] | join(quote ~ ', ' ~ quote)) ~ quote -%}
            {%- do rules.update({'accepted_values_' ~ column: count_of(column ~ ' not in (' ~ values ~ ')')}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name, condition in conditions.items() -%}
        {%- do rules.update({name: 'count(case when ' ~ condition ~ ' then null else 1 end)'}) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{#- An aggregate: the number of rows for which `condition` is true. -#}
{% macro count_of(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}
