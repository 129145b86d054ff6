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

purchase_days as (

    select
        candidates.customer_key,
        candidates.g0_days,
        candidates.lapsed_days,
        candidates.first_purchase_on,
        days.day_on,
        lag(days.day_on) over (partition by days.customer_key order by days.day_on asc nulls first) as previous_on,
        row_number() over (partition by days.customer_key order by days.day_on asc nulls first) as purchase_rank
    from {{ ref('int_customer_day') }} as days
    inner join candidates on days.customer_key = candidates.customer_key
    where days.is_purchase_day and days.day_on <= {{ as_of_date() }}

),

-- The own gap as it stood before this purchase: (g0 + days from first to the purchase before) / (1 + repeats by then).
gaps as (

    select
        customer_key,
        day_on,
        g0_days,
        lapsed_days,
        {{ days_between('day_on', 'previous_on') }} as gap_days,
        {{ divide(
            'g0_days + ' ~ days_between('previous_on', 'first_purchase_on'),
            'purchase_rank - 1',
            4
        ) }} as own_gap_days
    from purchase_days
    where previous_on is not null

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
