{#-
How a data test is run: the test `rules` by the macro below, others as dbt does it.

dbt counts rows and knows no names. So the names of the rules that fail, each with its number of rows, are the message of the result
("not_null_segment: 3; grain: 1", in run_results.json as adapter_response._message) and a line of what dbt prints.
-#}
{% materialization test, default %}
    {%- if (model.test_metadata or {}).name == 'rules' -%}
        {%- do run_rules(sql) -%}
        {{ return({'relations': []}) }}
    {%- else -%}
        {{ return(dbt.materialization_test_default()) }}
    {%- endif -%}
{% endmaterialization %}

{% macro run_rules(query) -%}
    {%- call statement('rules', fetch_result=True) -%}
        {{ query }}
    {%- endcall -%}
    {%- set words = [] -%}
    {%- for row in load_result('rules')['table'].rows -%}
        {%- do words.append(row[0] ~ ': ' ~ (row[1] | int)) -%}
    {%- endfor -%}
    {%- set message = words | sort | join('; ') -%}
    {%- if words -%}
        {%- do log(model.name ~ ': ' ~ message, info=True) -%}
    {%- endif -%}
    {%- call statement('counted', fetch_result=True) -%}
        select
            {{ words | length }} as failures,
            {{ words | length }} {{ config.get('warn_if') }} as should_warn,
            {{ words | length }} {{ config.get('error_if') }} as should_error
    {%- endcall -%}
    {%- set counted = load_result('counted')['table'] -%}
    {%- do store_raw_result('main', message=message, code=none, rows_affected=none, agate_table=counted) -%}
{%- endmacro %}
