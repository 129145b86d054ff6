{{ config(materialized='view') }}

with summaries as (
    select * from {{ ref('int_customer_summary') }}
    where n_purchase_days > 0
),

calendar as (
    select
        day_on,
        unobserved_days
    from {{ ref('int_observation_day') }}
),

-- the value models do not count days on which purchases could not be observed
with_unobserved_days as (
    select
        summaries.*,
        at_last.unobserved_days - at_first.unobserved_days as unobserved_recency_days,
        at_end.unobserved_days - at_first.unobserved_days as unobserved_age_days
    from summaries
    inner join calendar as at_first on summaries.first_purchase_on = at_first.day_on
    inner join calendar as at_last on summaries.last_purchase_on = at_last.day_on
    inner join calendar as at_end on summaries.observed_on = at_end.day_on
),

final as (
    select
        customer_key,
        observed_on,
        n_repeat_days,
        cast(recency_days - unobserved_recency_days as integer) as recency_days,
        cast(age_days - unobserved_age_days as integer) as age_days,
        cast(unobserved_age_days as integer) as unobserved_days,
        case when mean_repeat_amount is null then 0 else n_spend_days end as spend_repeat_days,
        coalesce(mean_repeat_amount, cast(0 as decimal(18, 2))) as spend_mean_amount,
        case
            when n_repeat_days = 0 then 'no_repeat'
            when n_spend_days = 0 then 'no_amount'
            when mean_repeat_amount is null then 'returned'
            else 'own'
        end as spend_basis
    from with_unobserved_days
)

select * from final
