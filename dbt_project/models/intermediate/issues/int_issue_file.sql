with files as (
    -- only the latest delivery of each file name: it may have corrected an earlier one
    select
        source,
        entity,
        ambiguous_times,
        may_be_cut_off,
        lookup_missing,
        lookup_differs
    from {{ ref('stg_batch') }}
    where
        n_later = 0
        and coalesce(file_on <= {{ as_of_date() }}, true)
),

counted as (
    select
        'ambiguous_times' as issue,
        source,
        entity,
        sum(ambiguous_times) as n_rows
    from files
    group by source, entity
    union all
    select
        'file_may_be_cut_off' as issue,
        source,
        entity,
        sum(may_be_cut_off) as n_rows
    from files
    group by source, entity
    union all
    select
        'lookup_missing' as issue,
        source,
        entity,
        sum(lookup_missing) as n_rows
    from files
    group by source, entity
    union all
    select
        'lookup_differs' as issue,
        source,
        entity,
        sum(lookup_differs) as n_rows
    from files
    group by source, entity
)

select
    issue,
    source,
    entity,
    cast(null as string) as detail,
    cast(n_rows as bigint) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from counted
where n_rows > 0
