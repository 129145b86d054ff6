with outcomes as (
    select * from {{ ref('int_level_outcome') }}
),

counted as (
    select
        month_end_on,
        level,
        level_basis,
        g0_days,
        horizon_days,
        count(*) as n_customers,
        sum(is_returned) as n_returned,
        sum(return_share) as sum_return_share
    from outcomes
    group by month_end_on, level, level_basis, g0_days, horizon_days
)

select
    {{ as_of_date() }} as as_of_on,
    month_end_on,
    level,
    level_basis,
    g0_days,
    horizon_days,
    cast(n_customers as integer) as n_customers,
    cast(n_returned as integer) as n_returned,
    cast({{ divide('n_returned', 'n_customers', 6, 0) }} as decimal(9, 6)) as returned_share,
    {{ wilson_bound('n_returned', 'n_customers', '-') }} as returned_share_low,
    {{ wilson_bound('n_returned', 'n_customers', '+') }} as returned_share_high,
    cast({{ divide('sum_return_share', 'n_customers', 6) }} as decimal(9, 6)) as predicted_share
from counted
