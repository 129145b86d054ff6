with settings as (
    select
        g0_days,
        lapsed_days
    from {{ ref('int_industry_settings') }}
),

-- Customers who can have come back: they bought recently, and not for the first time.
candidates as (
    select
        summaries.customer_key,
        summaries.first_purchase_on,
        settings.g0_days,
        settings.lapsed_days
    from {{ ref('int_customer_summary') }} as summaries
    cross join settings
    where
        summaries.observed_on = {{ as_of_date() }}
        and summaries.n_purchase_days > 1
        and summaries.silence_days <= {{ var('loyalty_comeback_g0') }} * settings.g0_days
),

-- The customer's purchase gap before each purchase: (g0 + days from the first purchase to the previous one) /
-- (1 + repeat purchases up to the previous one).
gaps as (
    select
        candidates.customer_key,
        candidates.g0_days,
        candidates.lapsed_days,
        purchases.day_on,
        {{ days_between('purchases.day_on', 'purchases.previous_purchase_on') }} as gap_days,
        {{ divide(
            'candidates.g0_days + ' ~ days_between('purchases.previous_purchase_on', 'candidates.first_purchase_on'),
            'purchases.purchase_day_number - 1',
            4
        ) }} as own_gap_days
    from {{ ref('int_customer_day') }} as purchases
    inner join candidates on purchases.customer_key = candidates.customer_key
    where purchases.previous_purchase_on is not null and purchases.day_on <= {{ as_of_date() }}
),

final as (
    select
        customer_key,
        max(day_on) as last_comeback_on
    from gaps
    where
        gap_days >= least({{ var('loyalty_churned_silence') }} * own_gap_days, lapsed_days)
        and {{ days_between(as_of_date(), 'day_on') }} <= {{ var('loyalty_comeback_g0') }} * g0_days
    group by customer_key
)

select * from final
