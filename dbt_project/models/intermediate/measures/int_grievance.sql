with complaints as (
    select
        customer_key,
        'complaint' as kind,
        case_key as grievance_key,
        opened_on as grieved_on
    from {{ ref('int_case') }}
    where kind = 'complaint'
),

faulty as (
    select
        customer_key,
        'return' as kind,
        {{ hash_key(['source', 'return_id']) }} as grievance_key,
        returned_on as grieved_on
    from {{ ref('int_return') }}
    where fault = 'company'
),

late as (
    select
        customer_key,
        'late_delivery' as kind,
        {{ hash_key(['source', 'order_id']) }} as grievance_key,
        {{ business_date('delivered_at') }} as grieved_on
    from {{ ref('int_order') }}
    where is_late and is_purchase
),

grievances as (
    select * from complaints
    union all
    select * from faulty
    union all
    select * from late
),

settings as (
    select horizons.g0_days
    from {{ ref('int_level_day') }} as days
    inner join {{ ref('int_level_horizon') }} as horizons on days.curve_on = horizons.curve_on
    where days.observed_on = {{ as_of_date() }}
),

totals as (
    select * from {{ ref('int_customer_total') }}
    where n_purchase_days > 0
),

purchases as (
    select
        customer_key,
        previous_purchase_on,
        day_on as bought_on
    from {{ ref('int_customer_day') }}
    where is_purchase_day
),

-- two of the customer's own gaps, as the gap was on that day
measured as (
    select
        grievances.*,
        totals.last_purchase_on,
        cast(round({{ divide(
            '2 * settings.g0_days + 2 * ' ~ days_between('totals.last_purchase_on', 'totals.first_purchase_on'),
            'totals.n_purchase_days', 4, 4
        ) }}, 0) as integer) as two_gaps_days
    from grievances
    cross join settings
    inner join totals
        on
            grievances.customer_key = totals.customer_key
            and grievances.grieved_on >= totals.day_on
            and (totals.next_on is null or grievances.grieved_on < totals.next_on)
),

windowed as (
    select
        *,
        case
            when two_gaps_days < {{ var('measure_tolerance_min_days') }} then {{ var('measure_tolerance_min_days') }}
            when two_gaps_days > {{ var('measure_tolerance_max_days') }} then {{ var('measure_tolerance_max_days') }}
            else two_gaps_days
        end as window_days
    from measured
),

final as (
    select
        windowed.grievance_key,
        windowed.kind,
        windowed.customer_key,
        windowed.grieved_on,
        windowed.window_days,
        {{ add_days('windowed.grieved_on', 'windowed.window_days') }} <= {{ as_of_date() }} as is_closed,
        purchases.bought_on as next_bought_on,
        coalesce(
            {{ days_between('purchases.bought_on', 'windowed.grieved_on') }} <= windowed.window_days, false
        ) as is_followed
    from windowed
    -- the purchase day after the last one until the grievance
    left join purchases
        on
            windowed.customer_key = purchases.customer_key
            and windowed.last_purchase_on = purchases.previous_purchase_on
)

select * from final
