{{ config(materialized='incremental', meta={'changed_by': 'int_changed_order'}) }}

{#- A line without a time of its own has the time of its order. -#}
{% set versions %}
(
    select
{%- for column in staged_columns('order_lines') %}
{%- if column == 'event_on' %}
        coalesce(lines.event_on, orders.event_on) as event_on,
        {%- else %}
        lines.{{ column }},
{%- endif %}
{%- endfor %}
        unlisted.batch is not null as is_unlisted,
        coalesce(in_force.n_in_force, 1) as n_lists
    from {{ with_guests('order_lines') }} as lines
    left join {{ ref('int_orders_as_of') }} as orders
        on lines.source = orders.source and lines.order_id = orders.order_id
    left join unlisted
        on
            lines.source = unlisted.source
            and lines.batch = unlisted.batch
            and lines.record = unlisted.record
            and lines.content_hash = unlisted.content_hash
    left join in_force
        on lines.source = in_force.source and lines.order_id = in_force.order_id and lines.batch = in_force.batch
    where {{ is_changed('int_changed_order', 'lines') }}
) as versions
{% endset -%}
{% set landed %}
(
    select source, order_id, line_id
    from {{ ref('stg_order_lines') }}
    where {{ is_changed('int_changed_order') }}
) as landed
{% endset -%}

with {{ listed_rows(is_changed('int_changed_order', '{alias}')) }},

{{ lists_in_force("date '" ~ this_build('as_of') ~ "'") }},

{{ unlisted_rows() }},

latest as (
    {{ as_of_rows(
        'order_lines', versions, landed=landed, allow_undated=false, first='is_unlisted', also=['is_unlisted', 'n_lists']
    ) }}
)

select
    {{ staged_columns('order_lines') | join(',\n    ') }},
    n_lists,
    case
        when is_unlisted then 'list'
        when quantity = 0 and coalesce(total, 0) = 0 then 'zero_quantity'
    end as removed_by
from latest
