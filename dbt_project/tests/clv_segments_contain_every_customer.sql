-- Each kind of segment divides the same customers, so its totals equal those of all customers.
with customers as (
    select
        count(*) as n_customers,
        sum(historic_net_amount) as historic_net_amount,
        coalesce(sum(clv_12m_amount), 0) as clv_12m_amount
    from {{ ref('customer_clv') }}
),

kinds as (
    select
        slice_by,
        sum(n_customers) as n_customers,
        sum(historic_net_amount) as historic_net_amount,
        coalesce(sum(clv_12m_amount), 0) as clv_12m_amount
    from {{ ref('rpt_clv_by_segment') }}
    group by slice_by
)

select kinds.*
from kinds
cross join customers
where
    kinds.n_customers <> customers.n_customers
    or kinds.historic_net_amount <> customers.historic_net_amount
    or kinds.clv_12m_amount <> customers.clv_12m_amount
