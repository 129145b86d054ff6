{#-
What differs from one build to the next: the day (as_of), the day of the build that it extends (previous_as_of; "" for a
full build). A run says so in its environment, because dbt parses the whole project anew when a var on its command line has
changed; by hand and in unit tests they are vars, which come first.
-#}
{% macro this_build(name) -%}
    {%- set said_by_run = env_var('LOYALTY_BUILD_' ~ name | upper, '') if execute else '' -%}
    {{ return(var(name) or said_by_run) }}
{%- endmacro %}
