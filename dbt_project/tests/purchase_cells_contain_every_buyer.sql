-- The value models receive every customer who bought.
with buyers as (
    select count(*) as n_customers
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }} and n_purchase_days > 0
),

cells as (
    select coalesce(sum(n_customers), 0) as n_customers from {{ ref('int_purchase_cell') }}
)

select
    buyers.n_customers as n_buyers,
    cells.n_customers as n_in_cells
from buyers
cross join cells
where buyers.n_customers <> cells.n_customers
