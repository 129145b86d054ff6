{{ config(materialized='view') }}

with level_days as (
    select * from {{ ref('int_level_day') }}
),

horizons as (
    select * from {{ ref('int_level_horizon') }}
),

spans as (
    select * from {{ ref('int_purchase_span') }}
),

observed as (
    select
        spans.customer_key,
        level_days.observed_on,
        level_days.observed_number,
        level_days.curve_on,
        horizons.g0_days,
        horizons.horizon_days,
        spans.bought_on,
        spans.n_purchase_days,
        spans.n_purchase_days - 1 as n_before,
        spans.bought_number - spans.first_number as first_to_last_days,
        level_days.day_number - spans.first_number as age_days,
        level_days.day_number - spans.bought_number as silence_days,
        spans.bought_number - spans.previous_number as last_gap_days,
        spans.bought_number - spans.previous_number - 1 as silence_before_days,
        {{ gap_sum('horizons.g0_days', 'spans.bought_number - spans.first_number') }} as gap_sum,
        {{ gap_sum('horizons.g0_days', 'spans.previous_number - spans.first_number') }} as gap_sum_before
    from level_days
    inner join horizons on level_days.curve_on = horizons.curve_on
    inner join spans
        on
            level_days.observed_on >= spans.bought_on
            and (spans.next_bought_on is null or level_days.observed_on < spans.next_bought_on)
),

final as (
    select
        *,
        {{ return_row('n_purchase_days', 'horizon_days', 'gap_sum') }} as row_name,
        cast({{ return_band('silence_days', 'n_purchase_days', 'gap_sum') }} as integer) as band,
        case
            when n_before > 0 then {{ return_row('n_before', 'horizon_days', 'gap_sum_before') }}
        end as row_name_before,
        case
            when n_before > 0
                then cast({{ return_band('silence_before_days', 'n_before', 'gap_sum_before') }} as integer)
        end as band_before
    from observed
)

select * from final
