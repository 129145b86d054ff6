with at_days as (
    select * from {{ ref('int_identity_at_day') }}
),

days as (
    select
        observed_on,
        lag(observed_on) over (order by observed_on) as previous_on
    from (select distinct observed_on from at_days) as days
),

-- references that were known on both days
pairs as (
    select
        now.observed_on,
        before.customer_key as customer_key_before,
        now.customer_key,
        count(*) as n_references
    from at_days as now
    inner join days on now.observed_on = days.observed_on
    inner join at_days as before
        on days.previous_on = before.observed_on and now.own_key = before.own_key
    group by now.observed_on, before.customer_key, now.customer_key
),

counted as (
    select
        *,
        count(*) over (partition by observed_on, customer_key) > 1 as is_merged,
        count(*) over (partition by observed_on, customer_key_before) > 1 as is_split
    from pairs
)

select
    observed_on,
    customer_key_before,
    customer_key,
    case
        when is_merged and is_split then 'merged_and_split'
        when is_merged then 'merged'
        else 'split'
    end as change,
    cast(n_references as integer) as n_references
from counted
where is_merged or is_split
