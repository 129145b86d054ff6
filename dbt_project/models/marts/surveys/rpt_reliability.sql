with answers as (
    select
        source,
        coalesce(survey_id, 'unknown') as survey_id,
        construct,
        response_id,
        question_id,
        answer_score
    from {{ ref('int_survey_answer') }}
    where construct is not null and answer_score is not null
),

straight_lines as (
    select * from {{ ref('int_straight_line_response') }}
),

questions as (
    select
        source,
        survey_id,
        construct,
        count(distinct question_id) as n_items
    from answers
    group by source, survey_id, construct
),

counted as (
    select
        answers.*,
        questions.n_items,
        count(*) over (partition by answers.source, answers.survey_id, answers.construct, answers.response_id)
            as n_answered
    from answers
    inner join questions
        on
            answers.source = questions.source
            and answers.survey_id = questions.survey_id
            and answers.construct = questions.construct
    left join straight_lines
        on answers.source = straight_lines.source and answers.response_id = straight_lines.response_id
    where straight_lines.response_id is null
),

complete as (
    select * from counted
    where n_answered = n_items
),

-- n^2 times a variance: n x (sum of squares) - (sum)^2. Decimals are summed, so that the order of rows does not matter.
items as (
    select
        source,
        survey_id,
        construct,
        question_id,
        cast(count(*) as double) * cast(sum({{ multiply('answer_score', 'answer_score', 8, 4, 4) }}) as double)
        - cast(sum(answer_score) as double) * cast(sum(answer_score) as double) as spread
    from complete
    group by source, survey_id, construct, question_id
),

item_spreads as (
    select
        source,
        survey_id,
        construct,
        sum(cast(spread as decimal(38, 4))) as spread
    from items
    group by source, survey_id, construct
),

totals as (
    select
        source,
        survey_id,
        construct,
        response_id,
        n_items,
        sum(answer_score) as total_score
    from complete
    group by source, survey_id, construct, response_id, n_items
),

total_spreads as (
    select
        source,
        survey_id,
        construct,
        n_items,
        count(*) as n_responses,
        cast(count(*) as double) * cast(sum({{ multiply('total_score', 'total_score', 8, 4, 4) }}) as double)
        - cast(sum(total_score) as double) * cast(sum(total_score) as double) as spread
    from totals
    group by source, survey_id, construct, n_items
)

select
    {{ as_of_date() }} as as_of_on,
    total_spreads.source,
    total_spreads.survey_id,
    total_spreads.construct,
    cast(total_spreads.n_items as integer) as n_items,
    cast(total_spreads.n_responses as bigint) as n_responses,
    case
        when total_spreads.n_items > 1 and total_spreads.n_responses > 1 and total_spreads.spread > 0.001
            then
                cast({{ fixed(
                    'total_spreads.n_items / (total_spreads.n_items - cast(1 as double))'
                    ~ ' * (1 - cast(item_spreads.spread as double) / total_spreads.spread)', 6
                ) }} as decimal(18, 6))
    end as cronbach_alpha
from total_spreads
inner join item_spreads
    on
        total_spreads.source = item_spreads.source
        and total_spreads.survey_id = item_spreads.survey_id
        and total_spreads.construct = item_spreads.construct
