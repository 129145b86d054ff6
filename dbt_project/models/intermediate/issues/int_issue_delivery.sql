with kept as (
    select
        rows_kept.source,
        rows_kept.entity,
        rows_kept.key_1,
        rows_kept.key_2,
        max({{ multiply('rows_kept.amount', rate_of('rows_kept.currency_known', 'rates.fx_rate')) }}) as amount
    from (
        select
            *,
            coalesce(currency, '{{ var("currency") }}') as currency_known
        from {{ ref('stg_redelivered_row') }}
        where
            outcome = 'kept'
            and is_last
            and is_accepted
            and coalesce(event_on <= {{ as_of_date() }}, true)
    ) as rows_kept
    left join {{ ref('int_fx_rate_day') }} as rates
        on rows_kept.currency_known = rates.currency and rows_kept.event_on = rates.rate_on
    group by rows_kept.source, rows_kept.entity, rows_kept.key_1, rows_kept.key_2
),

not_delivered_again as (
    select
        'keys_not_delivered_again' as issue,
        source,
        entity,
        count(*) as n_rows,
        sum(amount) as amount
    from kept
    group by source, entity
),

unordered_lists as (
    select
        'undated_line_lists' as issue,
        source,
        'orders' as entity,
        count(distinct order_id) as n_rows,
        cast(null as decimal(18, 2)) as amount
    from {{ ref('int_order_lines_latest') }}
    where n_lists > 1 and removed_by is null
    group by source
),

conflicts_in_file as (
    select
        'key_conflict_in_file' as issue,
        source,
        entity,
        sum(conflicting_rows) as n_rows,
        sum(conflicting_amount) as amount
    from {{ ref('stg_file_reconciliation') }}
    where conflicting_rows > 0
    group by source, entity
),

conflicts_across_files as (
    select
        'key_conflict_across_files' as issue,
        source,
        entity,
        sum(undated_rows) as n_rows,
        sum(undated_amount) as amount
    from {{ ref('stg_file_reconciliation') }}
    where undated_rows > 0
    group by source, entity
),

rejected_versions as (
    select
        'newer_version_rejected' as issue,
        source,
        entity,
        count(*) as n_rows,
        cast(null as decimal(18, 2)) as amount
    from {{ ref('stg_quarantine') }}
    where has_earlier_version and coalesce(effective_on <= {{ as_of_date() }}, true)
    group by source, entity
),

every as (
    select * from not_delivered_again
    union all
    select * from unordered_lists
    union all
    select * from conflicts_in_file
    union all
    select * from conflicts_across_files
    union all
    select * from rejected_versions
)

select
    issue,
    source,
    entity,
    cast(null as string) as detail,
    n_rows,
    cast(amount as decimal(18, 2)) as amount,
    false as is_amount_estimated
from every
