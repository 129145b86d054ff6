with answers as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by answered_at desc nulls last, answer_key desc nulls last
        ) as newest_rank
    from {{ ref('fct_survey_answer') }}
    where
        construct = 'nps'
        and customer_key is not null
        and answer_score is not null
),

latest as (
    select *
    from answers
    where newest_rank = 1
),

decayed as (
    select *
    from {{ ref('int_customer_answer') }}
    where construct = 'nps'
),

final as (
    select
        latest.customer_key,
        {{ as_of_date() }} as as_of_on,
        latest.answered_on as latest_answered_on,
        cast({{ days_between(as_of_date(), 'latest.answered_on') }} as integer) as days_since_answer,
        cast({{ multiply('latest.answer_score', 0.1, 4, 4, 1) }} as decimal(9, 4)) as latest_answer,
        cast({{ multiply('decayed.decayed_score', 0.1, 4, 4, 1) }} as decimal(9, 4)) as decayed_answer,
        latest.nps_category,
        decayed.n_answers
    from latest
    inner join decayed on latest.customer_key = decayed.customer_key
)

select * from final
