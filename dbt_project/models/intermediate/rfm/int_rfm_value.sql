{{ config(materialized='view') }}

with summaries as (
    select *
    from {{ ref('int_customer_summary') }}
    where
        n_purchase_days > 0
        and observed_on in ({{ as_of_date() }}, {{ last_month_end() }})
),

settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),

final as (
    select
        summaries.customer_key,
        summaries.observed_on,
        cast(summaries.silence_days as integer) as recency_days,
        cast(summaries.n_purchase_days as integer) as frequency,
        cast(summaries.net_amount as decimal(18, 2)) as monetary_amount,
        summaries.silence_days <= settings.lapsed_days as is_active
    from summaries
    cross join settings
)

select * from final
