-- What customers moved between two periods, and the parts of earned growth, add up to net revenue and its change.
with revenue as (
    select
        period_kind,
        period_on,
        net_amount
    from {{ ref('rpt_audit_period') }}
    where slice_by = 'all'
),

movements as (
    select
        period_kind,
        period_on,
        previous_on,
        sum(net_amount) as net_amount,
        sum(change_amount) as change_amount
    from {{ ref('rpt_audit_two_periods') }}
    group by period_kind, period_on, previous_on
),

growth as (
    select
        period_kind,
        period_on,
        retained_net_amount + new_net_amount + reactivated_net_amount + returns_only_net_amount as net_amount
    from {{ ref('rpt_earned_growth') }}
)

select movements.*
from movements
left join growth
    on movements.period_kind = growth.period_kind and movements.period_on = growth.period_on
left join revenue
    on movements.period_kind = revenue.period_kind and movements.period_on = revenue.period_on
left join revenue as previous_revenue
    on movements.period_kind = previous_revenue.period_kind and movements.previous_on = previous_revenue.period_on
where
    movements.net_amount <> coalesce(revenue.net_amount, 0)
    or movements.change_amount <> coalesce(revenue.net_amount, 0) - coalesce(previous_revenue.net_amount, 0)
    or growth.net_amount is null
    or growth.net_amount <> movements.net_amount
