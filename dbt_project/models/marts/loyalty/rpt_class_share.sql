with customers as (
    select
        evidence_pattern,
        loyalty_class
    from {{ ref('customer_loyalty') }}
),

classes as (
    select
        evidence_pattern,
        loyalty_class,
        count(*) as n_customers
    from customers
    group by evidence_pattern, loyalty_class
),

-- shares within each evidence pattern
shares as (
    select
        *,
        sum(n_customers) over (partition by evidence_pattern) as n_pattern_customers
    from classes
)

select
    {{ as_of_date() }} as as_of_on,
    evidence_pattern,
    loyalty_class,
    cast(n_customers as integer) as n_customers,
    cast(n_pattern_customers as integer) as n_pattern_customers,
    cast({{ divide('n_customers', 'n_pattern_customers', 6, 0) }} as decimal(9, 6)) as class_share,
    {{ wilson_bound('n_customers', 'n_pattern_customers', '-') }} as class_share_low,
    {{ wilson_bound('n_customers', 'n_pattern_customers', '+') }} as class_share_high
from shares
