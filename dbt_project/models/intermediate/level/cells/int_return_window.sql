-- A purchase after the curve's day has a larger number than the shop's last purchase that is known on that day.
select
    horizons.curve_on,
    horizons.g0_days,
    horizons.horizon_days,
    earlier.month_end_on,
    earlier.month_end_number,
    least(
        earlier.month_end_number + horizons.horizon_days, earlier.observed_last_shop_number
    ) as window_end_number,
    extract(month from earlier.month_end_on) = extract(month from horizons.curve_on) as is_same_season
from {{ ref('int_earlier_month_end') }} as earlier
inner join {{ ref('int_level_horizon') }} as horizons on earlier.observed_on = horizons.curve_on
where earlier.month_end_number + horizons.horizon_days <= earlier.observed_number
