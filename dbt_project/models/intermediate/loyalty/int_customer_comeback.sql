with settings as (
    select
        g0_days,
        lapsed_days
    from {{ ref('int_industry_settings') }}
),

-- Who could be won back: bought lately, and not for the first time.
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

-- The own gap as it stood before each purchase: (g0 + days from the first to the one before) / (1 + repeats by then).
gaps as (
    select
        candidates.customer_key,
        candidates.g0_days,
        candidates.lapsed_days,
        bought.day_on,
        {{ days_between('bought.day_on', 'bought.previous_purchase_on') }} as gap_days,
        {{ divide(
            'candidates.g0_days + ' ~ days_between('bought.previous_purchase_on', 'candidates.first_purchase_on'),
            'bought.purchase_day_number - 1',
            4
        ) }} as own_gap_days
    from {{ ref('int_customer_day') }} as bought
    inner join candidates on bought.customer_key = candidates.customer_key
    where bought.previous_purchase_on is not null and bought.day_on <= {{ as_of_date() }}
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
