{#- The last month end that is at least this many months before the as-of day. -#}
{%- set baseline_on = day(days_back(this_build('as_of'), var('programme_comparison_months') + 1) | first) -%}
{%- set strata = ['purchase_days_band', 'tenure_band', 'spend_band'] %}

with histories as (
    select
        customer_key,
        n_purchase_days,
        age_days,
        net_amount
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ baseline_on }} and n_purchase_days > 0
),

members as (
    select distinct customer_key
    from {{ ref('int_loyalty_event') }}
    where customer_key is not null and occurred_on <= {{ baseline_on }}
),

-- what the customers did afterwards
outcomes as (
    select
        customer_key,
        max(case when is_purchase_day then 1 else 0 end) as is_returned,
        cast(sum(coalesce(net_amount, 0) - returned_amount) as decimal(18, 2)) as net_amount
    from {{ ref('int_customer_day') }}
    where day_on > {{ baseline_on }} and day_on <= {{ as_of_date() }}
    group by customer_key
),

cuts as (
    select {{ percentile_cuts('net_amount', [1 / 3, 2 / 3]) }} as spend_cuts
    from histories
),

cut_points as (
    select {{ cut_point_columns(['spend'], 3) }}
    from cuts
),

customers as (
    select
        case
            when histories.n_purchase_days <= 2 then cast(histories.n_purchase_days as {{ dbt.type_string() }})
            when histories.n_purchase_days <= 5 then '3_to_5'
            else '6_or_more'
        end as purchase_days_band,
        case
            when histories.age_days < 90 then 'under_90_days'
            when histories.age_days <= 365 then '90_to_365_days'
            else 'over_365_days'
        end as tenure_band,
        case
            when histories.net_amount is null then 'not_known'
            when histories.net_amount <= cut_points.spend_cut_1 then 'lower_third'
            when histories.net_amount <= cut_points.spend_cut_2 then 'middle_third'
            else 'upper_third'
        end as spend_band,
        case when members.customer_key is not null then 'member' else 'other' end as customer_group,
        coalesce(outcomes.is_returned, 0) as is_returned,
        coalesce(outcomes.net_amount, 0) as net_amount
    from histories
    cross join cut_points
    left join members on histories.customer_key = members.customer_key
    left join outcomes on histories.customer_key = outcomes.customer_key
),

counted as (
    select
        {{ strata | join(',\n        ') }},
        customer_group,
        count(*) as n_customers,
        sum(is_returned) as n_returned,
        sum(net_amount) as net_amount,
        sum({{ multiply('net_amount', 'net_amount', 2, 2, 2) }}) as squared_amount
    from customers
    group by {{ strata | join(', ') }}, customer_group
)

select
    *,
    {{ baseline_on }} as baseline_on,
    sum(case when customer_group = 'member' then n_customers else 0 end) over (
        partition by {{ strata | join(', ') }}
    ) as n_members,
    sum(case when customer_group = 'other' then n_customers else 0 end) over (
        partition by {{ strata | join(', ') }}
    ) as n_others
from counted
