with fitted as (
    select * from {{ source('exchange', 'return_curve') }}
),

typed as (
    select
        cast(curve_on as date) as curve_on,
        cast(row_name as {{ dbt.type_string() }}) as row_name,
        cast(band as integer) as band,
        cast(lower_gaps as decimal(9, 2)) as lower_gaps,
        cast(n_customers as bigint) as n_customers,
        cast(n_returned as bigint) as n_returned,
        cast(return_share as decimal(9, 8)) as return_share,
        cast(relative_share as decimal(18, 8)) as relative_share,
        cast(start_share as decimal(9, 8)) as start_share,
        cast(active_share as decimal(9, 8)) as active_share,
        cast(return_probability as decimal(9, 8)) as return_probability,
        cast(is_churn_proven as boolean) as is_churn_proven
    from fitted
),

decided as (
    select
        *,
        relative_share < {{ var('level_at_risk_ratio') }} and return_share < active_share as is_at_risk
    from typed
),

-- a longer silence never makes a return more likely: from this silence on, all bands of the row are at risk
risky as (
    select
        curve_on,
        row_name,
        min(lower_gaps) as at_risk_from_gaps
    from decided
    where is_at_risk
    group by curve_on, row_name
)

select
    decided.*,
    risky.at_risk_from_gaps
from decided
left join risky on decided.curve_on = risky.curve_on and decided.row_name = risky.row_name
