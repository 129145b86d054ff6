-- The levels at the start of a month divide its customers, so its revenue is that of the audit.
with levels as (
    select
        month_on,
        sum(net_amount) as net_amount,
        sum(n_active) as n_active
    from {{ ref('rpt_value') }}
    group by month_on
),

cohorts as (
    select
        month_on,
        sum(net_amount) as net_amount,
        sum(n_retained) as n_active
    from {{ ref('rpt_retention') }}
    where slice_by = 'all'
    group by month_on
)

select levels.*
from levels
left join cohorts on levels.month_on = cohorts.month_on
where levels.net_amount <> coalesce(cohorts.net_amount, 0) or levels.n_active <> coalesce(cohorts.n_active, 0)
