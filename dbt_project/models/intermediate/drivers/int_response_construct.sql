with answers as (
    select
        source,
        response_id,
        survey_id,
        customer_key,
        construct,
        answered_at,
        answered_on,
        answer_score
    from {{ ref('int_survey_answer') }}
    where construct is not null and answer_score is not null
),

straight_lines as (
    select
        source,
        response_id
    from {{ ref('int_straight_line_response') }}
),

-- One row even if the shop has no purchase yet.
horizon as (
    select max(horizons.horizon_days) as horizon_days
    from {{ ref('int_level_day') }} as days
    inner join {{ ref('int_level_horizon') }} as horizons on days.curve_on = horizons.curve_on
    where days.observed_on = {{ as_of_date() }}
),

responses as (
    select
        answers.source,
        answers.response_id,
        min(answers.survey_id) as survey_id,
        min(answers.customer_key) as customer_key,
        max(answers.answered_at) as answered_at,
        max(answers.answered_on) as answered_on
    from answers
    left join straight_lines
        on answers.source = straight_lines.source and answers.response_id = straight_lines.response_id
    where straight_lines.response_id is null
    group by answers.source, answers.response_id
),

scores as (
    select
        source,
        response_id,
        construct,
        cast({{ divide('sum(answer_score)', 'count(*)', 4, 4) }} as decimal(9, 4)) as score
    from answers
    group by source, response_id, construct
),

-- Who came back is known only of buyers, and only once the horizon after the response has passed.
outcomes as (
    select
        responses.*,
        horizon.horizon_days,
        case
            when
                spans.customer_key is not null
                and {{ add_days('responses.answered_on', 'horizon.horizon_days') }} <= {{ as_of_date() }}
                then
                    case
                        when spans.next_bought_on <= {{ add_days('responses.answered_on', 'horizon.horizon_days') }}
                            then 1
                        else 0
                    end
        end as is_returned
    from responses
    cross join horizon
    left join {{ ref('int_purchase_span') }} as spans
        on
            responses.customer_key = spans.customer_key
            and responses.answered_on >= spans.bought_on
            and (spans.next_bought_on is null or responses.answered_on < spans.next_bought_on)
)

select
    outcomes.source,
    outcomes.response_id,
    {{ hash_key(['outcomes.source', 'outcomes.response_id']) }} as response_key,
    coalesce(outcomes.survey_id, 'unknown') as survey_id,
    outcomes.customer_key,
    outcomes.answered_at,
    outcomes.answered_on,
    scores.construct,
    scores.score,
    outcomes.horizon_days,
    outcomes.is_returned
from outcomes
inner join scores on outcomes.source = scores.source and outcomes.response_id = scores.response_id
