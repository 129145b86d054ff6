{#- Conditions that rules are made of. -#}

{#- A day after the day of landing, by more than clocks differ. -#}
{% macro in_the_future(day) -%}
    {{ day }} > {{ add_days('landed_on', var('future_tolerance_days')) }}
{%- endmacro %}

{% macro no_currency_code(column) -%}
    not {{ matches(column, '[A-Z]{3}') }}
{%- endmacro %}

{#- A value that is there and is not in the seed of accepted kinds: constants, because Spark takes no subquery here. Compiled
    without a warehouse (sqlfluff), there is no seed to ask. -#}
{% macro not_accepted(column, seed, where='1 = 1', value='accepted_value') -%}
    {%- set values = [] -%}
    {%- if execute and flags.WHICH != 'compile' -%}
        {%- set found = run_query('select ' ~ value ~ ' from ' ~ seed ~ ' where ' ~ where ~ ' order by 1') -%}
        {%- do values.extend(found.columns[0].values()) -%}
    {%- endif -%}
    {{ column }} not in ('{{ values | join("', '") }}')
{%- endmacro %}

{% macro not_a_kind(entity, column) -%}
    {{ not_accepted(column, ref('accepted_kinds'), "entity = '" ~ entity ~ "' and column_name = '" ~ column ~ "'") }}
{%- endmacro %}
