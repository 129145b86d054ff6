with answers as (
    select
        customer_key,
        construct,
        answered_on,
        answer_score
    from {{ ref('int_survey_answer') }}
    where customer_key is not null and answer_score is not null
),

settings as (
    select answer_half_life_days from {{ ref('int_industry_settings') }}
),

latest as (
    select
        customer_key,
        construct,
        max(answered_on) as latest_answered_on
    from answers
    group by customer_key, construct
),

-- Within one customer, an answer's age is counted from the customer's latest answer. So a single answer has full weight
-- even if it is years old. n_effective_answers shows how reliable it is today: it counts ages from the as-of day.
weighted as (
    select
        answers.customer_key,
        answers.construct,
        answers.answer_score,
        latest.latest_answered_on,
        {{ half_life_weight(
            days_between('latest.latest_answered_on', 'answers.answered_on'), 'settings.answer_half_life_days'
        ) }} as weight,
        {{ half_life_weight(
            days_between(as_of_date(), 'answers.answered_on'), 'settings.answer_half_life_days'
        ) }} as weight_today
    from answers
    inner join latest
        on
            answers.customer_key = latest.customer_key
            and answers.construct = latest.construct
    cross join settings
),

summed as (
    select
        customer_key,
        construct,
        latest_answered_on,
        count(*) as n_answers,
        sum({{ multiply('weight', 'answer_score', 8, 8, 4) }}) as weighted_score,
        sum(weight) as weight,
        sum(weight_today) as weight_today
    from weighted
    group by customer_key, construct, latest_answered_on
),

final as (
    select
        customer_key,
        construct,
        cast(n_answers as integer) as n_answers,
        latest_answered_on,
        cast({{ divide('weighted_score', 'weight', 4) }} as decimal(9, 4)) as decayed_score,
        cast(weight_today as decimal(18, 4)) as n_effective_answers
    from summed
)

select * from final
