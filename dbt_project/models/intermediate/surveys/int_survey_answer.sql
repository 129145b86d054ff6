{{ config(materialized='incremental', meta={'changed_by': 'int_changed_survey_answer'}) }}

with answers as (
    select * from {{ ref('int_survey_answers_as_of') }}
    where {{ is_changed('int_changed_survey_answer') }}
),

placed as (
    select
        answers.*,
        channels.channel as channel_code,
        channels.touchpoint,
        orders.source as known_order_source,
        orders.order_id as known_order_id,
        orders.channel as order_channel,
        coalesce(identity.customer_key, orders.customer_key) as customer_key,
        constructs.dimension
    from answers
    left join {{ ref('int_order') }} as orders
        on coalesce(answers.order_source, answers.source) = orders.source and answers.order_id = orders.order_id
    left join {{ ref('int_customer_identity') }} as identity
        on answers.source = identity.source and answers.customer_ref = identity.customer_ref
    left join {{ ref('constructs') }} as constructs
        on answers.construct = constructs.construct
    left join {{ ref('int_channel') }} as channels
        on answers.source = channels.source and answers.channel = channels.spelling
),

scored as (
    select
        *,
        {{ divide('100 * (answer_number - scale_min)', 'scale_max - scale_min', 4) }} as position_score
    from placed
)

select
    {{ hash_key(['source', 'response_id', 'question_id']) }} as answer_key,
    source,
    customer_key,
    {{ hash_key(['known_order_source', 'known_order_id']) }} as order_key,
    known_order_source as order_source,
    known_order_id as order_id,
    order_channel,
    survey_id,
    survey_kind,
    channel_code as channel,
    touchpoint,
    channel as source_channel,
    response_id,
    question_id,
    construct,
    dimension,
    answered_at,
    event_on as answered_on,
    answer_number,
    scale_min,
    scale_max,
    coalesce(is_reversed, false) as is_reversed,
    cast(case when is_reversed then 100 - position_score else position_score end as decimal(9, 4)) as answer_score,
    {{ nps_category('construct', 'answer_number', 'scale_min', 'scale_max', 'is_reversed') }} as nps_category
from scored
