with summaries as (
    select * from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }} and n_purchase_days > 0
),

limits as (
    select * from {{ ref('regularity_limits') }}
),

-- The test of int_purchase_regularity over all gaps: s^2 / (m (m - 1)) below its limit, here without a division.
tested as (
    select
        summaries.n_repeat_days,
        summaries.first_purchase_on,
        limits.regularity_limit is not null and summaries.mean_gap_days > 1 as is_tested,
        {{ multiply('summaries.gap_scv', 'summaries.mean_gap_days', 6, 6, 4) }}
        < {{ multiply('limits.regularity_limit', 'summaries.mean_gap_days - 1', 6, 4, 4) }} as is_regular
    from summaries
    left join limits
        on
            summaries.n_gaps >= limits.n_gaps_from
            and (summaries.n_gaps <= limits.n_gaps_to or limits.n_gaps_to = {{ var('measure_regularity_max_gaps') }})
),

counted as (
    select
        count(*) as n_customers,
        sum(case when n_repeat_days > 0 then 1 else 0 end) as n_repeat_customers,
        sum(case when is_tested then 1 else 0 end) as n_regularity_tested,
        sum(case when is_tested and is_regular then 1 else 0 end) as n_regular,
        -- one order with a wrong year must not lengthen the observed period
        percentile_disc(0.01) within group (
            order by {{ days_between('first_purchase_on', day('2000-01-01')) }}
        ) as first_day
    from tested
),

calendar as (
    select * from {{ ref('int_observation_day') }}
)

select
    cast(counted.n_customers as bigint) as n_customers,
    cast(coalesce(counted.n_repeat_customers, 0) as bigint) as n_repeat_customers,
    cast(coalesce(counted.n_regularity_tested, 0) as bigint) as n_regularity_tested,
    cast(coalesce(counted.n_regular, 0) as bigint) as n_regular,
    cast(coalesce(at_end.observed_days - at_first.observed_days, 0) as integer) as observed_days,
    cast(coalesce(at_end.unobserved_days - at_first.unobserved_days, 0) as integer) as unobserved_days,
    cast({{ var('contract_orders_period_days', 0) }} as integer) as orders_period_days
from counted
left join calendar as at_first on {{ add_days(day('2000-01-01'), 'counted.first_day') }} = at_first.day_on
left join calendar as at_end on at_end.day_on = {{ as_of_date() }}
