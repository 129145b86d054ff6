with customers as (
    select customer_key from {{ ref('int_customer') }}
),

summaries as (
    select *
    from {{ ref('int_customer_summary') }}
    where n_purchase_days > 0 and observed_on = {{ as_of_date() }}
),

settings as (
    select
        g0_days,
        lapsed_days
    from {{ ref('int_industry_settings') }}
),

comebacks as (
    select * from {{ ref('int_customer_comeback') }}
),

gaps as (
    select
        customers.customer_key,
        cast(coalesce(summaries.n_purchase_days, 0) as integer) as n_purchase_days,
        cast(summaries.recency_days as integer) as first_to_last_days,
        cast(summaries.age_days as integer) as age_days,
        cast(summaries.silence_days as integer) as silence_days,
        cast({{ days_between(as_of_date(), 'comebacks.last_comeback_on') }} as integer) as days_since_comeback,
        settings.g0_days,
        settings.lapsed_days,
        {{ divide('settings.g0_days + summaries.recency_days', '1 + summaries.n_repeat_days', 4) }} as own_gap_days
    from customers
    cross join settings
    left join summaries on customers.customer_key = summaries.customer_key
    left join comebacks on customers.customer_key = comebacks.customer_key
),

final as (
    select
        *,
        {{ divide('silence_days', 'own_gap_days', 4) }} as silence_ratio
    from gaps
)

select * from final
