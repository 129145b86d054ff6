with quarantined as (
    select * from {{ ref('int_quarantined_rule') }}
),

final as (
    select
        source,
        entity,
        quarantine_rule,
        cast(n_rows as bigint) as n_rows,
        cast(n_landed as bigint) as n_landed,
        cast({{ divide('n_rows', 'n_landed', 6, 0) }} as decimal(9, 6)) as rejected_share
    from quarantined
)

select * from final
