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

-- what the customer had bought until that day
measured as (
    select
        grievances.*,
        totals.n_purchase_days,
        totals.last_purchase_on,
        {{ days_between('totals.last_purchase_on', 'totals.first_purchase_on') }} as first_to_last_days
    from grievances
    inner join totals
        on
            grievances.customer_key = totals.customer_key
            and grievances.grieved_on >= totals.day_on
            and (totals.next_on is null or grievances.grieved_on < totals.next_on)
),

final as (
    select
        measured.grievance_key,
        measured.kind,
        measured.customer_key,
        measured.grieved_on,
        measured.n_purchase_days,
        measured.first_to_last_days,
        purchases.bought_on as next_bought_on
    from measured
    -- the purchase day after the last one until the grievance
    left join purchases
        on
            measured.customer_key = purchases.customer_key
            and measured.last_purchase_on = purchases.previous_purchase_on
)

select * from final
