with rejected as (
    select
        *,
        coalesce(known_on <= {{ as_of_date() }}, true) as is_known,
        -- without a complete key, each row is a row of its own
        case when key_1 is null or key_2 is null then row_id else '' end as keyless_id
    from {{ ref('stg_rejected_rows') }}
    where coalesce(event_on <= {{ as_of_date() }}, true) and not is_replaced
),

batches as (
    select
        source,
        batch,
        entity,
        n_later
    from {{ ref('stg_batch') }}
),

accepted as (
    {{ keyed_rows(
        'stg_',
        columns=['updated_at', 'file_on', 'batch'],
        where='coalesce(effective_on <= ' ~ as_of_date() ~ ', true)'
    ) }}
),

-- the versions that count on the as-of day, including versions that became known later
counted as (
    {{ keyed_rows('int_', '_as_of') }}
),

deletions as (
    select
        entity,
        source as deleted_source,
        record_id as deleted_id,
        last_deleted_at
    from {{ ref('int_deletions_as_of') }}
),

deleted as (
    select
        entity,
        deleted_source,
        deleted_id,
        last_deleted_at
    from deletions
    union all
    -- lines are deleted with their order, unless it was restored
    select
        'order_lines' as entity,
        deletions.deleted_source,
        deletions.deleted_id,
        deletions.last_deleted_at
    from deletions
    left join {{ ref('int_orders_as_of') }} as orders
        on deletions.deleted_source = orders.source and deletions.deleted_id = orders.order_id
    where deletions.entity = 'orders' and orders.order_id is null
),

-- A rejected row is resolved by an accepted row that is not older, ...
resolved as (
    select
        rejected.entity,
        rejected.row_id
    from rejected
    inner join accepted
        on
            rejected.source = accepted.source
            and rejected.entity = accepted.entity
            and rejected.key_1 = accepted.key_1
            and rejected.key_2 = accepted.key_2
    inner join batches
        on
            accepted.source = batches.source
            and accepted.batch = batches.batch
            and accepted.entity = batches.entity
    where rejected.is_known and {{ resolves('accepted', 'rejected', n_later='batches.n_later') }}
    union
    -- ... or by an accepted row that counts, if neither row was known by the day, ...
    select
        rejected.entity,
        rejected.row_id
    from rejected
    inner join counted
        on
            rejected.source = counted.source
            and rejected.entity = counted.entity
            and rejected.key_1 = counted.key_1
            and rejected.key_2 = counted.key_2
    where not rejected.is_known
    union
    -- ... or by a later complete list of the order's lines, ...
    select
        'order_lines' as entity,
        batch || '|' || cast(record as string) || '|' || content_hash as row_id
    from {{ ref('int_unlisted_line') }}
    union
    -- ... or because its record, or the order of the line, was deleted, ...
    select
        rejected.entity,
        rejected.row_id
    from rejected
    inner join deleted
        on
            rejected.source = deleted.deleted_source
            and rejected.entity = deleted.entity
            and rejected.key_1 = deleted.deleted_id
    where not {{ is_not_deleted('orders', 'rejected', as_of_date(), known_on='known_on') }}
    union
    -- ... or because it became known later, while other lines of its order were known by the day.
    select
        rejected.entity,
        rejected.row_id
    from rejected
    inner join accepted
        on
            rejected.source = accepted.source
            and rejected.entity = accepted.entity
            and rejected.key_1 = accepted.key_1
    where not rejected.is_known and rejected.entity = 'order_lines'
),

ranked as (
    select
        rejected.*,
        row_number() over (
            partition by rejected.entity, rejected.source, rejected.key_1, rejected.key_2, rejected.keyless_id
            order by
                rejected.updated_at desc nulls last,
                rejected.file_on desc nulls last,
                rejected.n_later asc nulls last,
                rejected.content_hash desc,
                rejected.batch desc
        ) as version_rank
    from rejected
    left join resolved
        on rejected.entity = resolved.entity and rejected.row_id = resolved.row_id
    where resolved.row_id is null
)

select
    source,
    entity,
    key_1,
    key_2,
    order_id,
    customer_ref,
    status,
    channel,
    store_id,
    currency,
    event_at,
    event_on,
    row_amount
from ranked
where version_rank = 1
