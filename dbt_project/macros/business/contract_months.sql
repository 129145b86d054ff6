{#- The length of a period in whole months, at least 1: a month of 28 to 45 days is 1, a year is 12. -#}
{% macro contract_months(days) -%}
    case
        when {{ days }} < 46 then 1
        else cast(floor({{ days }} / cast(30.4375 as double) + 0.5) as integer)
    end
{%- endmacro %}
