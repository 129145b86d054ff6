{#-
A fact of the build at hand, by its name: as_of, previous_as_of, rebuilt, changed_batches or new_batches (vars in dbt_project.yml).
A run takes all of them from its plan (pipelines/runs/dbt_vars.py).
-#}
{% macro this_build(name) -%}
    {{ return(var(name)) }}
{%- endmacro %}
