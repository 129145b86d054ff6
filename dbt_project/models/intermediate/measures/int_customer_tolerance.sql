with grievances as (
    select * from {{ ref('int_grievance') }}
    where is_closed
),

levels as (
    select
        customer_key,
        horizon_days,
        start_share
    from {{ ref('int_customer_level') }}
    where observed_on = {{ as_of_date() }}
),

-- how often customers with this history buy within the window, with or without a grievance
expected as (
    select
        grievances.customer_key,
        case when grievances.is_followed then 1 else 0 end as is_followed,
        {{ fixed(
            '1 - power(1 - cast(levels.start_share as double), cast(grievances.window_days as double) / levels.horizon_days)'
        ) }} as usual_share
    from grievances
    left join levels on grievances.customer_key = levels.customer_key
),

summed as (
    select
        customer_key,
        count(*) as n_grievances,
        sum(is_followed) as n_followed,
        count(usual_share) as n_usual,
        cast(sum(usual_share) as decimal(18, 8)) as usual_sum
    from expected
    group by customer_key
),

usual as (
    select
        *,
        case when n_usual = n_grievances then {{ divide('usual_sum', 'n_grievances', 8) }} end as usual_share
    from summed
),

final as (
    select
        customer_key,
        cast(n_grievances as integer) as n_grievances,
        cast(n_followed as integer) as n_grievances_followed,
        usual_share as usual_return_share,
        cast({{ divide('n_followed + 2 * usual_share', 'n_grievances + 2', 4) }} as decimal(9, 4)) as tolerance_share,
        cast({{ divide('n_followed - n_grievances * usual_share', 'n_grievances + 2', 4) }} as decimal(9, 4))
            as tolerance_excess_share
    from usual
)

select * from final
