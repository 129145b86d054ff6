{#- A number of days as a horizon: rounded half up to whole days, and within the limits of the settings; an INTEGER. -#}
{% macro level_horizon(days) -%}
    cast(
        least(
            greatest(floor({{ days }} + 0.5), {{ var('level_horizon_min_days') }}), {{ var('level_horizon_max_days') }}
        ) as integer
    )
{%- endmacro %}
