{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

{#- A line without a time of its own happened when its order did. -#}
{% set versions %}
(
    select
{%- for column in staged_columns('order_lines') %}
{%- if column == 'event_on' %}
        coalesce(lines.event_on, orders.event_on) as event_on
        {%- else %}
        lines.{{ column }}
{%- endif %}{{ ',' if not loop.last }}
{%- endfor %}
    from {{ ref('stg_order_lines') }} as lines
    left join {{ ref('int_orders_as_of') }} as orders
        on lines.source = orders.source and lines.order_id = orders.order_id
    where {{ is_changed(ref('int_changed_order'), ['source', 'order_id'], 'lines') }}
) as versions
{% endset -%}

{{ as_of_rows('order_lines', versions, standing=false) }}
