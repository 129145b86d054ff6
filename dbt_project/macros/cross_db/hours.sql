{#- The hours from one UTC timestamp to another, a DECIMAL(18, 2). Parts of a second do not count. -#}
{% macro hours_between(later, earlier) -%}
    {{ divide(seconds_between(later, earlier), '3600', 2, 0) }}
{%- endmacro %}

{#- The seconds from `earlier` to `later`, each without its parts of a second. -#}
{% macro seconds_between(later, earlier) -%}
    {{ return(adapter.dispatch('seconds_between', 'loyalty')(later, earlier)) }}
{%- endmacro %}

{% macro default__seconds_between(later, earlier) -%}
    datediff('second', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__seconds_between(later, earlier) -%}
    (unix_timestamp({{ later }}) - unix_timestamp({{ earlier }}))
{%- endmacro %}
