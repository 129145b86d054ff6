{#-
The incremental strategy `changed_keys`: an incremental build deletes the rows of the changed keys and inserts what the model
returns for them, in one transaction. A model names the model that lists its changed keys: meta={'changed_by': 'int_changed_order'}.
The model itself reads only the changed keys, by `is_changed` in each CTE that reads an input: dbt computes the query before the
strategy runs, so the strategy cannot restrict it.
Spark builds every model in full (strategy append, see dbt_project.yml).
-#}
{% macro get_incremental_changed_keys_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set meta = config.get('meta') -%}
    delete from {{ target }}
    where
        {{ key_is_in(meta['changed_by']) }}
        {%- if meta.get('has_observed_days') %}
        or observed_on not in ({{ day_list(kept_days()) }})
        {%- endif %}
    ;
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{#- The columns of the key that an int_changed_ model lists. -#}
{% macro changed_key(changed_by) -%}
    {{ return({
        'int_changed_customer': ['customer_key'],
        'int_changed_customer_ref': ['source', 'customer_ref'],
        'int_changed_fx_day': ['rate_on'],
        'int_changed_order': ['source', 'order_id'],
        'int_changed_payment': ['source', 'payment_id'],
        'int_changed_product': ['source', 'product_id'],
        'int_changed_return': ['source', 'return_id'],
        'int_changed_survey_answer': ['source', 'response_id', 'question_id'],
    }[changed_by]) }}
{%- endmacro %}

{#-
A condition on the rows of an input: in an incremental build, their key is among the changed ones. Always true in a full build.
In a view it is a first restriction only: the view is not restricted if any model is rebuilt, as this model may read the view.
-#}
{% macro is_changed(changed_by, alias='') -%}
    {%- set condition = key_is_in(changed_by, alias) -%}
    {%- if extends() -%} {{ condition }}
    {%- else -%} 1 = 1
    {%- endif -%}
{%- endmacro %}

{#- A condition: the key is one that an int_changed_ model lists. -#}
{% macro key_is_in(changed_by, alias='') -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    {%- set key = changed_key(changed_by) -%}
    ({{ prefix }}{{ key | join(', ' ~ prefix) }}) in (select {{ key | join(', ') }} from {{ ref(changed_by) }})
{%- endmacro %}

{#- Whether this model is built incrementally in this run. -#}
{% macro extends() -%}
    {%- if this_build('previous_as_of') == '' -%} {{ return(false) }} {%- endif -%}
    {%- if config.get('materialized') == 'view' -%} {{ return(this_build('rebuilt') == '') }} {%- endif -%}
    {{ return(is_incremental()) }}
{%- endmacro %}
