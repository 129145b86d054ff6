{#-
Runs a data test: the test `rules` by the macro below, other tests by dbt's default.

dbt only counts failed rows; it does not report which rules failed. So this macro stores the names of the failed rules,
each with its number of rows, as the message of the result, for example "not_null_segment: 3; grain: 1". The message is
adapter_response._message in run_results.json, and a line of dbt's output.
-#}
{% materialization test, default %}
    {%- if (model.test_metadata or {}).name == 'rules' -%}
        {%- do run_rules(sql) -%}
        {{ return({'relations': []}) }}
    {%- else -%}
        {{ return(dbt.materialization_test_default()) }}
    {%- endif -%}
{% endmaterialization %}

{#- Runs the query of a test `rules`, with columns rule and n_rows, and stores the result of the test. -#}
{% macro run_rules(query) -%}
    {%- call statement('rules', fetch_result=True) -%}
        {{ query }}
    {%- endcall -%}
    {%- set failed = [] -%}
    {%- for row in load_result('rules')['table'].rows -%}
        {%- do failed.append(row[0] ~ ': ' ~ (row[1] | int)) -%}
    {%- endfor -%}
    {%- set message = failed | sort | join('; ') -%}
    {%- if failed -%}
        {%- do log(model.name ~ ': ' ~ message, info=True) -%}
    {%- endif -%}
    {%- call statement('counted', fetch_result=True) -%}
        select
            {{ failed | length }} as failures,
            {{ failed | length }} {{ config.get('warn_if') }} as should_warn,
            {{ failed | length }} {{ config.get('error_if') }} as should_error
    {%- endcall -%}
    {%- set counted = load_result('counted')['table'] -%}
    {%- do store_raw_result('main', message=message, code=none, rows_affected=none, agate_table=counted) -%}
{%- endmacro %}
