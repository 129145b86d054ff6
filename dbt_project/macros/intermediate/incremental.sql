{#-
Extending a core table by what has changed. A changed key is deleted in a pre-hook and inserted again, in one transaction;
what counts as changed is a superset, said by the int_changed_ models. Where the build is not to be incremental but the table
stands, the hook empties it: a full build, whatever is there.
-#}

{#- Whether this model, in this run, extends its table. -#}
{% macro extends() -%}
    {{ return(this_build('previous_as_of') != '' and is_incremental()) }}
{%- endmacro %}

{#- A condition on the rows that an extending run takes: those whose key is among the changed. True on a full build. -#}
{% macro is_changed(changed, keys, alias='') -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    {%- if extends() -%}
        ({{ prefix }}{{ keys | join(', ' ~ prefix) }}) in (select {{ keys | join(', ') }} from {{ changed }})
    {%- else -%} 1 = 1
    {%- endif -%}
{%- endmacro %}

{#- The pre-hook. -#}
{% macro delete_changed(changed, keys) -%}
    {%- if extends() -%}
        delete from {{ this }} where ({{ keys | join(', ') }}) in (select {{ keys | join(', ') }} from {{ ref(changed) }})
    {%- elif is_incremental() -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}
