{%- set bands = 'purchase_days_band, tenure_band, spend_band' -%}
{%- set least_share = "case when customer_group = 'difference' then -1 else 0 end" -%}
{%- set share_error = 'sqrt(cast(share_variance as double))' -%}
{%- set mean_error = 'sqrt(cast(mean_variance as double))' -%}
{%- set least_n = var('programme_comparison_min_customers') %}

with customer_groups as (
    select
        *,
        n_members >= {{ least_n }} and n_others >= {{ least_n }} as is_compared
    from {{ ref('int_programme_group') }}
),

-- the groups, and all groups that are compared as one
listed as (
    select
        baseline_on,
        purchase_days_band,
        tenure_band,
        spend_band,
        customer_group,
        is_compared,
        n_customers,
        n_returned,
        net_amount,
        squared_amount,
        n_members
    from customer_groups
    union all
    select
        baseline_on,
        'all' as purchase_days_band,
        'all' as tenure_band,
        'all' as spend_band,
        customer_group,
        is_compared,
        n_customers,
        n_returned,
        net_amount,
        squared_amount,
        n_members
    from customer_groups
    where is_compared
),

-- the weight of a group is its share of the members
weighted as (
    select
        *,
        cast(n_customers as double) as n,
        (n_returned + 1) / (cast(n_customers as double) + 2) as adjusted_share,
        n_members / nullif(cast(sum(n_members) over (partition by {{ bands }}, customer_group) as double), 0) as weight
    from listed
),

figures as (
    select
        *,
        {{ fixed('weight * n_returned / n', 12) }} as share_part,
        {{ fixed('weight * weight * adjusted_share * (1 - adjusted_share) / (n + 2)', 12) }} as share_variance,
        {{ fixed('weight * cast(net_amount as double) / n', 6) }} as mean_part,
        case
            when n > 1
                then {{ fixed(
                    'weight * weight * (squared_amount - cast(net_amount as double) * cast(net_amount as double) / n)'
                    ~ ' / (n * (n - 1))', 6
                ) }}
        end as mean_variance
    from weighted
),

compared as (
    select
        baseline_on,
        {{ bands }},
        customer_group,
        is_compared,
        sum(n_customers) as n_customers,
        sum(n_returned) as n_returned,
        sum(net_amount) as net_amount,
        case when is_compared then sum(share_part) end as return_share,
        case when is_compared then sum(share_variance) end as share_variance,
        case when is_compared then sum(mean_part) end as mean_amount,
        case when is_compared then sum(mean_variance) end as mean_variance
    from figures
    group by baseline_on, {{ bands }}, customer_group, is_compared
    union all
    select
        baseline_on,
        {{ bands }},
        'difference' as customer_group,
        is_compared,
        sum(n_customers) as n_customers,
        sum(n_returned) as n_returned,
        null as net_amount,
        sum(case when customer_group = 'member' then share_part else -share_part end) as return_share,
        sum(share_variance) as share_variance,
        sum(case when customer_group = 'member' then mean_part else -mean_part end) as mean_amount,
        sum(mean_variance) as mean_variance
    from figures
    where is_compared
    group by baseline_on, {{ bands }}, is_compared
)

select
    {{ as_of_date() }} as as_of_on,
    baseline_on,
    {{ bands }},
    customer_group,
    is_compared,
    cast(n_customers as bigint) as n_customers,
    cast(n_returned as bigint) as n_returned,
    cast(net_amount as decimal(18, 2)) as net_amount,
    cast(return_share as decimal(9, 6)) as return_share,
    {{ share_bound('return_share', share_error, '-', least_share) }} as return_share_low,
    {{ share_bound('return_share', share_error, '+', least_share) }} as return_share_high,
    cast(mean_amount as decimal(18, 2)) as mean_amount,
    {{ mean_bound('mean_amount', mean_error, '-') }} as mean_amount_low,
    {{ mean_bound('mean_amount', mean_error, '+') }} as mean_amount_high
from compared
