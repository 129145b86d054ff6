with rules as (
    select
        *,
        {{ level_rank('rule_level') }} as rule_rank
    from {{ ref('int_level_rule') }}
),

answers as (
    select distinct
        customer_key,
        answered_on
    from {{ ref('int_survey_answer') }}
    where customer_key is not null
),

level_days as (
    select
        observed_on,
        lag(observed_on) over (order by observed_on) as previous_on
    from {{ ref('int_level_day') }}
),

answered as (
    select distinct
        answers.customer_key,
        level_days.observed_on
    from answers
    inner join level_days
        on answers.answered_on <= level_days.observed_on and answers.answered_on > level_days.previous_on
),

-- a purchase or an answer since the level day before; the first level day of a customer too
with_events as (
    select
        rules.*,
        case
            when level_days.previous_on is null or rules.bought_on > level_days.previous_on then 1
            when answered.customer_key is not null then 1
            else 0
        end as is_new_event
    from rules
    inner join level_days on rules.observed_on = level_days.observed_on
    left join answered on rules.customer_key = answered.customer_key and rules.observed_on = answered.observed_on
),

silences as (
    select
        *,
        sum(is_new_event) over (
            partition by customer_key order by observed_on rows between unbounded preceding and current row
        ) as silence_number
    from with_events
),

so_far as (
    select
        *,
        min(rule_rank) over in_silence as lowest_rank,
        max(case when rule_rank = 0 then observed_number end) over in_silence as last_churned_number,
        max(case when is_returning then observed_number end) over in_silence as last_returning_number
    from silences
    window in_silence as (
        partition by customer_key, silence_number order by observed_on
        rows between unbounded preceding and current row
    )
),

-- the level day whose level still holds: the last one on which the rule gave the lowest level so far
held as (
    select
        *,
        max(case when rule_rank = lowest_rank then observed_number * 10 + {{ level_code('rule_level') }} end) over (
            partition by customer_key, silence_number order by observed_on
            rows between unbounded preceding and current row
        ) as held_code
    from so_far
),

leveled as (
    select
        *,
        case
            when last_churned_number is null then {{ level_of_code('held_code % 10') }}
            when last_returning_number > last_churned_number then 'at_risk'
            else 'churned'
        end as level
    from held
)

select
    customer_key,
    observed_on,
    level,
    rule_level,
    case
        when level = 'at_risk' and lag(level) over in_silence = 'churned' then 'recalibrated'
        when level = rule_level then 'rule'
        when level = 'at_risk' and last_returning_number > last_churned_number then 'recalibrated'
        else 'silence'
    end as level_reason,
    case when is_preset then 'preset' else 'curve' end as level_basis,
    is_break,
    n_purchase_days,
    cast(first_to_last_days as integer) as first_to_last_days,
    cast(age_days as integer) as age_days,
    cast(silence_days as integer) as silence_days,
    cast(g0_days as decimal(18, 4)) as g0_days,
    horizon_days,
    {{ divide('gap_sum', 'cast(n_purchase_days as bigint) * 10000', 4, 0) }} as own_gap_days,
    return_share,
    relative_share,
    start_share,
    return_probability
from leveled
window in_silence as (partition by customer_key, silence_number order by observed_on)
