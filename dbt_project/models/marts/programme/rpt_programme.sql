{%- set point_value = 'cast(' ~ var('programme_point_value', 'null') ~ ' as decimal(18, 4))' -%}
{%- set declared = 'cast(' ~ var('programme_redemption_share', 'null') ~ ' as decimal(9, 6))' %}

with spans as (
    select * from {{ ref('int_programme_span') }}
),

days as (
    {{ listed_days(observed_days()) }}
),

states as (
    select
        days.observed_on as day_on,
        spans.*,
        spans.redeemed_to_date + spans.expired_to_date as ended_to_date
    from days
    inner join spans
        on
            days.observed_on >= spans.observed_on
            and (spans.next_observed_on is null or days.observed_on < spans.next_observed_on)
),

summed as (
    select
        day_on,
        source,
        sum(case when is_member then 1 else 0 end) as n_members,
        sum(case when is_member and joined_on >= {{ month_start('day_on') }} then 1 else 0 end) as n_new_members,
        {%- for name in ['issued', 'redeemed', 'expired', 'adjusted'] %}
        sum(case when observed_on = day_on then points_{{ name }} else 0 end) as points_{{ name }},
        {%- endfor %}
        sum(points_balance) as points_balance,
        sum(case when points_balance > 0 then points_balance else 0 end) as points_outstanding,
        sum(case when ended_to_date > 0 then 1 else 0 end) as n_ended,
        cast(sum(redeemed_to_date) as decimal(18, 4)) as redeemed_to_date,
        cast(sum(ended_to_date) as decimal(18, 4)) as ended_to_date,
        sum(case when ended_to_date > redeemed_to_date then 1 else 0 end) as n_expired
    from states
    group by day_on, source
),

-- redeemed / (redeemed + expired), a ratio of sums; without points that expired it is not known
shared as (
    select
        *,
        n_ended >= {{ var('programme_min_customers') }} and n_expired > 0 as is_estimated,
        {{ divide('redeemed_to_date', 'ended_to_date', 6, 4) }} as redeemed_share
    from summed
),

-- the error of the ratio over customers: z = (redeemed - share x ended) / mean of ended
deviations as (
    select
        states.day_on,
        states.source,
        {{ divide(
            'states.redeemed_to_date - ' ~ multiply('shared.redeemed_share', 'states.ended_to_date', 4, 6, 4),
            divide('shared.ended_to_date', 'shared.n_ended', 4, 4),
            6, 4
        ) }} as deviation
    from states
    inner join shared on states.day_on = shared.day_on and states.source = shared.source
    where states.ended_to_date > 0 and shared.is_estimated
),

errors as (
    select
        day_on,
        source,
        cast(count(*) as double) as n_customers,
        cast(sum({{ multiply('deviation', 'deviation', 6, 6, 6) }}) as double) as squares
    from deviations
    group by day_on, source
),

bounded as (
    select
        shared.*,
        coalesce({{ declared }}, case when shared.is_estimated then shared.redeemed_share else 1 end)
            as redemption_share,
        case
            when {{ declared }} is null
                then sqrt(errors.squares / (errors.n_customers * nullif(errors.n_customers - 1, 0)))
        end as share_error
    from shared
    left join errors on shared.day_on = errors.day_on and shared.source = errors.source
),

final as (
    select
        *,
        {{ share_bound('redemption_share', 'share_error', '-') }} as share_low,
        {{ share_bound('redemption_share', 'share_error', '+') }} as share_high
    from bounded
)

select
    {{ as_of_date() }} as as_of_on,
    source,
    day_on as observed_on,
    cast(n_members as bigint) as n_members,
    cast(n_new_members as bigint) as n_new_members,
    {%- for name in ['issued', 'redeemed', 'expired', 'adjusted', 'balance', 'outstanding'] %}
    cast(points_{{ name }} as decimal(18, 4)) as points_{{ name }},
    {%- endfor %}
    case
        when {{ declared }} is not null then 'declared'
        when is_estimated then 'estimated'
        else 'all_points'
    end as redemption_share_basis,
    cast(redemption_share as decimal(9, 6)) as redemption_share,
    share_low as redemption_share_low,
    share_high as redemption_share_high,
    cast(n_ended as bigint) as n_redemption_customers,
    {{ point_value }} as point_value_amount,
    {{ points_liability('points_outstanding', point_value, 'redemption_share') }} as liability_amount,
    {{ points_liability('points_outstanding', point_value, 'share_low') }} as liability_low_amount,
    {{ points_liability('points_outstanding', point_value, 'share_high') }} as liability_high_amount
from final
