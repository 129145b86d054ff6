{#-
The rules that compare rows: a dictionary of rule name to the query that returns the keys or rows that break the rule.
The arguments are those of the test `rules` (tests/generic/rules.sql).
-#}
{% macro key_rules(model, grain, optional, unique, relationships) -%}
    {%- set rules = {} -%}
    {%- if grain -%}
        {%- set broken = ['count(*) > 1'] -%}
        {%- for column in grain if column not in optional -%}{%- do broken.append(column ~ ' is null') -%}{%- endfor -%}
        {%- set columns = grain | join(', ') -%}
        {%- do rules.update({
            'grain': 'select ' ~ columns ~ ' from ' ~ model ~ ' group by ' ~ columns ~ ' having ' ~ broken | join(' or ')
        }) -%}
    {%- endif -%}
    {%- for column in unique -%}
        {%- do rules.update({
            'unique_' ~ column: 'select ' ~ column ~ ' from ' ~ model ~ ' where ' ~ column ~ ' is not null group by ' ~ column
            ~ ' having count(*) > 1'
        }) -%}
    {%- endfor -%}
    {%- for rule in relationships -%}
        {%- do rules.update({
            'relationships_' ~ rule.column: 'select child.' ~ rule.column ~ ' from ' ~ model ~ ' as child left join ' ~ rule.to
            ~ ' as parent on child.' ~ rule.column ~ ' = parent.' ~ rule.field ~ ' where child.' ~ rule.column
            ~ ' is not null and parent.' ~ rule.field ~ ' is null'
        }) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}
