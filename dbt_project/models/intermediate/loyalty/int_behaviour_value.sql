{{ config(materialized='view') }}

with summaries as (
    select *
    from {{ ref('int_customer_summary') }}
    where n_purchase_days > 0 and observed_on = {{ as_of_date() }}
),

settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),

final as (
    select
        summaries.customer_key,
        cast(summaries.n_purchase_days as integer) as n_purchase_days,
        summaries.silence_days <= settings.lapsed_days as is_active,
        cast(summaries.decayed_net_amount as decimal(18, 4)) as spend_value,
        cast(summaries.decayed_purchase_days as decimal(18, 4)) as frequency_value,
        cast(-summaries.silence_days as decimal(18, 4)) as recency_value,
        -- If no category is known, breadth is unknown, not 0.
        cast(nullif(summaries.n_categories, 0) as decimal(18, 4)) as breadth_value
    from summaries
    cross join settings
)

select * from final
