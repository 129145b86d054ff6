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

keyless_rows as (
    {#- A later list of order lines replaces the earlier one. So lines are compared only between parts of one file. #}
    {%- for name in ['payments', 'returns', 'loyalty_events', 'order_lines'] %}
    select
        checked.source,
        '{{ name }}' as entity,
        checked.content_hash,
        checked.batch,
        {{ 'checked.batch' if name == 'order_lines' else "''" }} as compared_in,
        checked.part,
        count(*) as n_in_part,
        max({{ reported_money_of(name, 'checked') }}) as amount
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    inner join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = '{{ name }}'
    where
        batches.has_generated_keys
        and batches.n_later = 0
        and checked.is_accepted = true
        and coalesce(checked.event_on <= {{ as_of_date() }}, true)
        {%- if name == 'order_lines' %}
        and checked.part is not null
        {%- endif %}
    group by checked.source, checked.content_hash, checked.batch, checked.part
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

repeated_contents as (
    select
        source,
        entity,
        content_hash,
        sum(n_in_part) - max(n_in_part) as n_rows,
        max(amount) as amount
    from keyless_rows
    group by source, entity, content_hash, compared_in
    having count(*) > 1
),

repeated as (
    select
        'repeated_without_key' as issue,
        source,
        entity,
        sum(n_rows) as n_rows,
        sum({{ multiply('n_rows', 'amount', 2, 0, 2) }}) as amount
    from repeated_contents
    group by source, entity
),

unioned as (
    select * from not_delivered_again
    union all
    select * from unordered_lists
    union all
    select * from conflicts_in_file
    union all
    select * from conflicts_across_files
    union all
    select * from rejected_versions
    union all
    select * from repeated
)

select
    issue,
    source,
    entity,
    cast(null as string) as detail,
    n_rows,
    cast(amount as decimal(18, 2)) as amount,
    false as is_amount_estimated
from unioned
