with curve as (
    select * from {{ ref('int_return_curve') }}
),

horizons as (
    select * from {{ ref('int_level_horizon') }}
)

select
    {{ as_of_date() }} as as_of_on,
    curve.curve_on as month_end_on,
    curve.row_name,
    curve.band,
    curve.lower_gaps,
    horizons.g0_days,
    horizons.g0_basis,
    horizons.horizon_days,
    curve.n_customers,
    curve.n_returned,
    curve.return_share,
    curve.relative_share,
    curve.active_share,
    curve.return_probability,
    curve.is_at_risk,
    curve.is_churn_proven
from curve
inner join horizons on curve.curve_on = horizons.curve_on
where curve.curve_on in ({{ day_list(mart_days()) }})
