{#-
Records that their source deleted (entity deletions). At the end of a day D, the latest deletion of a record on or before
D decides: of the versions of the record, only those that are later than the deletion (updated_at) and were known by D
count. So a newer version restores the record, and the order in which records and deletions arrive makes no difference.

The lines and payments of an order are deleted with it: macro deleted_orders.
-#}

{#- Whether records of an entity can be deleted. -#}
{% macro is_deletable(name) -%}
    {{ return(name in entity('deletions').accepts.entity) }}
{%- endmacro %}

{#- The deletions of an entity that count at the end of a day (`day` as SQL): a relation with deleted_source,
    deleted_id, last_deleted_at and last_deleted_on. -#}
{% macro deleted_records(name, day) -%}
(
        select
            deletions.source as deleted_source,
            deletions.record_id as deleted_id,
            max(deletions.deleted_at) as last_deleted_at,
            max(deletions.event_on) as last_deleted_on
        from {{ ref('stg_deletions') }} as deletions
        where
            deletions.entity = '{{ name }}'
            and deletions.event_on <= {{ day }}
            and not {{ is_replaced('deletions', 'deletions', day) }}
        group by deletions.source, deletions.record_id
    )
{%- endmacro %}

{#- The same for orders, without those that a newer version has restored by the day. -#}
{% macro deleted_orders(day) -%}
(
        select
            deletions.deleted_source,
            deletions.deleted_id,
            deletions.last_deleted_at,
            deletions.last_deleted_on
        from {{ deleted_records('orders', day) }} as deletions
        left join (
            select
                source,
                order_id,
                max(updated_at) as last_updated_at
            from {{ ref('stg_orders') }} as orders
            where
                (source, order_id) in (select source, record_id from {{ ref('stg_deletions') }} where entity = 'orders')
                and effective_on <= {{ day }}
                and not {{ is_replaced('orders', 'orders', day) }}
            group by source, order_id
        ) as known
            on deletions.deleted_source = known.source and deletions.deleted_id = known.order_id
        where not coalesce(known.last_updated_at > deletions.last_deleted_at, false)
    )
{%- endmacro %}

{#- A join of the rows `relation` with the deletion of their record, as `deleted`: nothing if it cannot be deleted. -#}
{% macro join_deleted(name, relation, day) -%}
    {%- if is_deletable(name) -%}
    left join {{ deleted_records(name, day) }} as deleted
        on
            {{ relation }}.source = deleted.deleted_source
            and {{ relation }}.{{ entity(name).key[0] }} = deleted.deleted_id
    {%- elif name == 'order_lines' -%}
    left join {{ deleted_orders(day) }} as deleted
        on {{ relation }}.source = deleted.deleted_source and {{ relation }}.order_id = deleted.deleted_id
    {%- endif -%}
{%- endmacro %}

{#- A condition after join_deleted: the deletion does not concern the row. -#}
{% macro is_not_deleted(name, relation, day, known_on='effective_on') -%}
    {%- if is_deletable(name) or name == 'order_lines' -%}
    (
        deleted.deleted_id is null
        or coalesce(
            {{ relation }}.updated_at > deleted.last_deleted_at and {{ relation }}.{{ known_on }} <= {{ day }}, false
        )
    )
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}

{#- The records of an entity with a deletion that arrived or happened since the last build. -#}
{% macro changed_deletions(name) -%}
select
    source,
    record_id
from {{ ref('stg_deletions') }}
where
    entity = '{{ name }}'
    and (
        {{ is_changed_batch() }}
        or {{ is_new_day('event_on') }}
        or batch in (
            select batch from {{ ref('stg_redelivered_row') }}
            where entity = 'deletions' and outcome = 'removed' and {{ is_new_day('file_on') }}
        )
    )
{%- endmacro %}
