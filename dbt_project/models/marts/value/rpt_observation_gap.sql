with gaps as (
    select * from {{ ref('int_observation_gap') }}
),

days as (
    select day_on
    from {{ ref('int_observation_day') }}
    where not is_observed
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        gaps.silent_from_on,
        gaps.silent_to_on,
        cast(gaps.silent_days as integer) as silent_days,
        cast(gaps.limit_days as integer) as limit_days,
        cast(count(days.day_on) as integer) as unobserved_days
    from gaps
    left join days on days.day_on between gaps.silent_from_on and gaps.silent_to_on
    group by gaps.silent_from_on, gaps.silent_to_on, gaps.silent_days, gaps.limit_days
)

select * from final
