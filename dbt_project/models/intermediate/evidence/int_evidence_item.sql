with answers as (
    select * from {{ ref('int_survey_answer') }}
    where customer_key is not null and answer_score is not null
),

straight_lines as (
    select
        source,
        response_id
    from {{ ref('int_straight_line_response') }}
),

constructs as (
    select
        construct,
        dimension,
        part
    from {{ ref('constructs') }}
),

answered as (
    select
        answers.answer_key as item_key,
        answers.customer_key,
        constructs.dimension,
        constructs.part,
        constructs.construct,
        {{ hash_key(['answers.source', 'answers.response_id']) }} as response_key,
        answers.channel,
        answers.answered_on as event_on,
        answers.answer_score as item_score,
        true as is_answer
    from answers
    inner join constructs on answers.construct = constructs.construct
    left join straight_lines
        on answers.source = straight_lines.source and answers.response_id = straight_lines.response_id
    where straight_lines.response_id is null
),

events as (
    select
        item_key,
        customer_key,
        dimension,
        part,
        construct,
        response_key,
        channel,
        event_on,
        item_score,
        is_answer
    from {{ ref('int_evidence_event') }}
),

items as (
    select * from answered
    union all
    select * from events
),

-- The weight of a dimension counts each response once on each day: by its latest item until then that has a weight in
-- the score. An item counts until the next one of its response.
ordered as (
    select
        *,
        {{ part_weight('dimension', 'part') }} > 0 as has_weight,
        lead(event_on) over (
            partition by customer_key, dimension, response_key, {{ part_weight('dimension', 'part') }} > 0
            order by event_on asc nulls last, item_key asc nulls last
        ) as next_item_on
    from items
),

final as (
    select
        item_key,
        customer_key,
        dimension,
        part,
        construct,
        response_key,
        coalesce(channel, 'unknown') as channel,
        event_on,
        cast(item_score as decimal(9, 4)) as item_score,
        {{ is_top_box('dimension', 'item_score') }} as is_top,
        is_answer,
        coalesce(response_key is not null and has_weight, false) as has_response_weight,
        case when response_key is not null and has_weight then next_item_on end as next_in_response_on
    from ordered
)

select * from final
