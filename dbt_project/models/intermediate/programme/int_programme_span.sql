{#- The month ends and the as-of day, with one month end before the first of them: what happened until then. -#}
{%- set days = days_back(this_build('as_of'), var('history_months') + 1) %}

with events as (
    select
        source,
        coalesce(customer_key, 'unknown') as customer_key,
        event_id,
        occurred_at,
        occurred_on,
        kind,
        points_change,
        tier,
        case
            {%- for day_text in days %}
            when occurred_on <= {{ day(day_text) }} then {{ day(day_text) }}
            {%- endfor %}
        end as observed_on
    from {{ ref('int_loyalty_event') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, customer_key, observed_on
            order by case when tier is null then 1 else 0 end, occurred_at desc, event_id desc
        ) as tier_rank
    from events
),

changes as (
    select
        source,
        customer_key,
        observed_on,
        min(occurred_on) as first_event_on,
        max(case when tier_rank = 1 then tier end) as new_tier,
        {%- for kind in ['earn', 'redeem', 'expire', 'adjust'] %}
        cast(coalesce(sum(case when kind = '{{ kind }}' then points_change end), 0) as decimal(18, 4))
            as {{ kind }}_points,
        {%- endfor %}
        cast(coalesce(sum(points_change), 0) as decimal(18, 4)) as points_change
    from ranked
    group by source, customer_key, observed_on
),

cumulated as (
    select
        *,
        min(first_event_on) over to_date as joined_on,
        count(new_tier) over to_date as n_tiers,
        sum(points_change) over to_date as points_balance,
        sum(-redeem_points) over to_date as redeemed_to_date,
        sum(-expire_points) over to_date as expired_to_date,
        lead(observed_on) over (partition by source, customer_key order by observed_on) as next_observed_on
    from changes
    window to_date as (
        partition by source, customer_key order by observed_on rows between unbounded preceding and current row
    )
)

select
    source,
    customer_key,
    customer_key <> 'unknown' as is_member,
    observed_on,
    next_observed_on,
    joined_on,
    coalesce(max(new_tier) over (partition by source, customer_key, n_tiers), 'no_tier') as tier,
    earn_points as points_issued,
    cast(-redeem_points as decimal(18, 4)) as points_redeemed,
    cast(-expire_points as decimal(18, 4)) as points_expired,
    adjust_points as points_adjusted,
    cast(points_balance as decimal(18, 4)) as points_balance,
    cast(redeemed_to_date as decimal(18, 4)) as redeemed_to_date,
    cast(expired_to_date as decimal(18, 4)) as expired_to_date
from cumulated
