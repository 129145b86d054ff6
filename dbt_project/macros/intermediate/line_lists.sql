{#-
Complete lists of an order's lines. If a delivery has all lines of an order, it replaces the earlier list: a line that is not in the
later list was removed. stg_batch.line_lists says which deliveries have complete lists.
-#}

{#-
CTEs: every landed row of orders with more than one list or file, with the list that it belongs to.

listed_rows     the columns of stg_order_lines__checked, with is_accepted, n_later and list_id (NULL: not part of a complete list).
                A list without a line is a row without a line_id, from the order's own record.

where  a condition on the rows, with {alias} for their alias
-#}
{% macro listed_rows(where='1 = 1') -%}
listing_sources as (
    select distinct source
    from {{ ref('stg_batch') }}
    where entity = 'order_lines' and line_lists is not null
),

lines_landed as (
    select
        checked.*,
        batches.n_later,
        batches.line_lists,
        batches.has_generated_keys
    from {{ ref('stg_order_lines__checked') }} as checked
    inner join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = 'order_lines'
    where
        checked.order_id is not null
        and checked.source in (select source from listing_sources)
        and {{ where | replace('{alias}', 'checked') }}
),

orders_landed as (
    select
        checked.source,
        checked.order_id,
        checked.batch,
        checked.file_name,
        checked.file_on,
        checked.record,
        checked.updated_at,
        checked.effective_at,
        checked.effective_on,
        batches.n_later
    from {{ ref('stg_orders__checked') }} as checked
    inner join {{ ref('stg_batch') }} as batches
        on
            checked.source = batches.source
            and checked.batch = batches.batch
            and batches.entity = 'order_lines'
            and batches.line_lists = 'record'
    where checked.is_accepted = true and checked.order_id is not null and {{ where | replace('{alias}', 'checked') }}
),

rows_landed as (
    select
        source,
        order_id,
        line_id,
        batch,
        file_name,
        file_on,
        record,
        line,
        content_hash,
        updated_at,
        effective_at,
        effective_on,
        is_accepted,
        n_later,
        line_lists,
        has_generated_keys
    from lines_landed
    union all
    select
        source,
        order_id,
        cast(null as string) as line_id,
        batch,
        file_name,
        file_on,
        record,
        cast(null as bigint) as line,
        cast(null as string) as content_hash,
        updated_at,
        effective_at,
        effective_on,
        true as is_accepted,
        n_later,
        'record' as line_lists,
        false as has_generated_keys
    from orders_landed
),

contested as (
    select
        source,
        order_id
    from rows_landed
    group by source, order_id
    having
        max(line_lists) is not null
        and (
            min(batch) <> max(batch)
            or min(updated_at) <> max(updated_at)
            or (max(line_lists) = 'record' and min(record) <> max(record))
        )
),

-- a file with complete lists may have several versions of an order: then a key occurs twice, or the lines have no keys
counted as (
    select
        rows_landed.*,
        count(*) over (
            partition by rows_landed.source, rows_landed.order_id, rows_landed.line_id, rows_landed.batch
        ) as n_of_key
    from rows_landed
    inner join contested
        on rows_landed.source = contested.source and rows_landed.order_id = contested.order_id
),

repeated as (
    select
        *,
        has_generated_keys or max(n_of_key) over (partition by source, order_id, batch) > 1 as has_versions
    from counted
),

listed_rows as (
    select
        source,
        order_id,
        line_id,
        batch,
        file_name,
        file_on,
        record,
        line,
        content_hash,
        updated_at,
        effective_at,
        effective_on,
        is_accepted,
        n_later,
        case
            when line_lists = 'record' then cast(record as string)
            when line_lists = 'file' and has_versions then coalesce(cast(updated_at as string), '')
            when line_lists = 'file' then ''
        end as list_id
    from repeated
)
{%- endmacro %}

{#-
CTE after listed_rows: the lists in force at the end of a day (`day` as SQL; none: all that is known), one row per
source, order_id, batch and list_id, with n_in_force of the order.

The latest list counts: by updated_at, then by the date of the file, then by the order of deliveries of the same file name. Lists
that nothing puts in order (undated, with different file names) do not replace each other. If none was known by the day, the
earliest later list counts.
-#}
{% macro lists_in_force(day=none) -%}
lists as (
    select
        source,
        order_id,
        batch,
        list_id,
        max(file_name) as file_name,
        max(file_on) as file_on,
        max(record) as record,
        min(n_later) as n_later,
        coalesce(max(case when is_accepted then updated_at end), max(updated_at)) as updated_at,
        coalesce(max(case when is_accepted then effective_at end), max(effective_at)) as effective_at,
        coalesce(max(case when is_accepted then effective_on end), max(effective_on)) as effective_on
    from listed_rows
    where list_id is not null
    group by source, order_id, batch, list_id
),

known_lists as (
    select
        *,
        updated_at is not null or file_on is not null as is_dated,
        {{ 'coalesce(effective_on <= ' ~ day ~ ', true)' if day else 'true' }} as is_known
    from lists
),

placed_lists as (
    select
        *,
        max(case when is_known then 1 else 0 end) over (partition by source, order_id) as any_known,
        dense_rank() over (
            partition by source, order_id, is_dated
            order by
                is_known desc,
                case when is_known then updated_at end desc nulls last,
                case when is_known then file_on end desc nulls last,
                case when not is_known then effective_at end asc nulls last
        ) as place
    from known_lists
),

ordered_lists as (
    select
        *,
        rank() over (partition by source, order_id, is_dated, file_name order by n_later) as delivery_rank,
        row_number() over (
            partition by source, order_id, is_dated, batch order by record desc, list_id desc
        ) as list_rank
    from placed_lists
    where
        place = 1
        and (is_known or any_known = 0)
),

in_force as (
    select
        source,
        order_id,
        batch,
        list_id,
        is_dated,
        effective_at,
        count(*) over (partition by source, order_id) as n_in_force
    from ordered_lists
    where delivery_rank = 1 and list_rank = 1
)
{%- endmacro %}

{#-
CTE after lists_in_force: landed rows of lines that are in no list in force, `unlisted`: source, batch, record, content_hash.

A row of an earlier list stays if its line is rejected in the list in force. A row that is not part of a complete list counts unless
a list with a later date lacks its line.
-#}
{% macro unlisted_rows() -%}
members as (
    select
        listed_rows.source,
        listed_rows.order_id,
        listed_rows.line_id,
        max(case when listed_rows.is_accepted then 1 else 0 end) as is_accepted
    from listed_rows
    inner join in_force
        on
            listed_rows.source = in_force.source
            and listed_rows.order_id = in_force.order_id
            and listed_rows.batch = in_force.batch
            and listed_rows.list_id = in_force.list_id
    where listed_rows.line_id is not null
    group by listed_rows.source, listed_rows.order_id, listed_rows.line_id
),

listed_orders as (
    select
        source,
        order_id,
        max(case when is_dated then effective_at end) as dated_at
    from in_force
    group by source, order_id
),

unlisted as (
    select distinct
        listed_rows.source,
        listed_rows.batch,
        listed_rows.record,
        listed_rows.content_hash
    from listed_rows
    inner join listed_orders
        on listed_rows.source = listed_orders.source and listed_rows.order_id = listed_orders.order_id
    left join in_force
        on
            listed_rows.source = in_force.source
            and listed_rows.order_id = in_force.order_id
            and listed_rows.batch = in_force.batch
            and listed_rows.list_id = in_force.list_id
    left join members
        on
            listed_rows.source = members.source
            and listed_rows.order_id = members.order_id
            and listed_rows.line_id = members.line_id
    where
        listed_rows.content_hash is not null
        and in_force.batch is null
        and case
            when listed_rows.list_id is not null then coalesce(members.is_accepted, 1) = 1 or not listed_rows.is_accepted
            else
                members.line_id is null
                and (listed_rows.updated_at is not null or listed_rows.file_on is not null)
                and coalesce(listed_rows.effective_at < listed_orders.dated_at, false)
        end
)
{%- endmacro %}
