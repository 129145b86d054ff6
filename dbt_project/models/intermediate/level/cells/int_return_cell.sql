with windows as (
    select * from {{ ref('int_return_window') }}
),

-- windows that are counted alike: many curves share g0 and horizon
distinct_windows as (
    select distinct
        g0_days,
        horizon_days,
        month_end_on,
        month_end_number,
        window_end_number
    from windows
),

observed as (
    select
        distinct_windows.*,
        spans.n_purchase_days,
        distinct_windows.month_end_number - spans.bought_number as silence_days,
        {{ gap_sum('distinct_windows.g0_days', 'spans.bought_number - spans.first_number') }} as gap_sum,
        case when spans.next_number <= distinct_windows.window_end_number then 1 else 0 end as is_returned
    from distinct_windows
    inner join {{ ref('int_purchase_span') }} as spans
        on
            distinct_windows.month_end_on >= spans.bought_on
            and (spans.next_bought_on is null or distinct_windows.month_end_on < spans.next_bought_on)
),

celled as (
    select
        *,
        {{ return_row('n_purchase_days', 'horizon_days', 'gap_sum') }} as row_name,
        {{ return_band('silence_days', 'n_purchase_days', 'gap_sum') }} as band
    from observed
),

counted as (
    select
        g0_days,
        horizon_days,
        month_end_on,
        month_end_number,
        window_end_number,
        row_name,
        band,
        count(*) as n_customers,
        sum(is_returned) as n_returned
    from celled
    group by g0_days, horizon_days, month_end_on, month_end_number, window_end_number, row_name, band
),

summed as (
    select
        windows.curve_on,
        counted.row_name,
        counted.band,
        sum(counted.n_customers) as n_customers,
        sum(counted.n_returned) as n_returned,
        sum(case when windows.is_same_season then counted.n_customers else 0 end) as n_season_customers,
        sum(case when windows.is_same_season then counted.n_returned else 0 end) as n_season_returned
    from windows
    inner join counted
        on
            windows.g0_days = counted.g0_days
            and windows.horizon_days = counted.horizon_days
            and windows.month_end_on = counted.month_end_on
            and windows.month_end_number = counted.month_end_number
            and windows.window_end_number = counted.window_end_number
    group by windows.curve_on, counted.row_name, counted.band
),

history_rows as (
    {{ return_rows() }}
),

bands as (
    {{ return_bands() }}
),

-- every cell of every curve, also those without customers
grid as (
    select
        windows.curve_on,
        windows.horizon_days,
        history_rows.row_name,
        bands.band,
        bands.lower_gaps,
        count(*) as n_month_ends,
        sum(case when windows.is_same_season then 1 else 0 end) as n_season_years
    from windows
    cross join history_rows
    cross join bands
    group by windows.curve_on, windows.horizon_days, history_rows.row_name, bands.band, bands.lower_gaps
)

select
    grid.curve_on,
    grid.horizon_days,
    cast(grid.n_month_ends as integer) as n_month_ends,
    cast(grid.n_season_years as integer) as n_season_years,
    grid.row_name,
    cast(grid.band as integer) as band,
    cast(grid.lower_gaps as decimal(9, 2)) as lower_gaps,
    cast(coalesce(summed.n_customers, 0) as bigint) as n_customers,
    cast(coalesce(summed.n_returned, 0) as bigint) as n_returned,
    cast(coalesce(summed.n_season_customers, 0) as bigint) as n_season_customers,
    cast(coalesce(summed.n_season_returned, 0) as bigint) as n_season_returned
from grid
left join summed
    on grid.curve_on = summed.curve_on and grid.row_name = summed.row_name and grid.band = summed.band
