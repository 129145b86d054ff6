-- Each mart of the customer-base audit divides the same orders and revenue, so its rows add up to the customer-days.
with days as (
    select
        coalesce(sum(n_orders), 0) as all_orders,
        coalesce(sum(coalesce(net_amount, 0) - returned_amount), 0) as all_net_amount
    from {{ ref('int_customer_day') }}
),

sums as (
    select
        'rpt_retention' as mart,
        'month' as period_kind,
        sum(n_orders) as n_orders,
        sum(net_amount) as net_amount
    from {{ ref('rpt_retention') }}
    where slice_by = 'all'
    union all
    select
        'rpt_audit_cohort' as mart,
        period_kind,
        sum(n_orders) as n_orders,
        sum(net_amount) as net_amount
    from {{ ref('rpt_audit_cohort') }}
    group by period_kind
    union all
    select
        'rpt_audit_period ' || slice_by as mart,
        period_kind,
        sum(n_orders) as n_orders,
        sum(net_amount) as net_amount
    from {{ ref('rpt_audit_period') }}
    group by slice_by, period_kind
)

select *
from sums
cross join days
where
    coalesce(sums.n_orders, 0) <> days.all_orders
    or coalesce(sums.net_amount, 0) <> days.all_net_amount
