with answers as (
    select
        source,
        response_id,
        answer_number,
        is_reversed
    from {{ ref('int_survey_answer') }}
    where answer_number is not null
),

final as (
    select
        source,
        response_id,
        cast(count(*) as integer) as n_answers
    from answers
    group by source, response_id
    having
        count(*) >= {{ var('evidence_straight_line_items') }}
        and max(case when is_reversed then 1 else 0 end) = 1
        and min(answer_number) = max(answer_number)
)

select * from final
