{{ config(materialized='view') }}

select
    answer_key,
    source,
    customer_key,
    order_key,
    survey_id,
    survey_kind,
    channel,
    touchpoint,
    source_channel,
    response_id,
    question_id,
    construct,
    dimension,
    answered_at,
    answered_on,
    answer_number,
    scale_min,
    scale_max,
    is_reversed,
    answer_score,
    nps_category
from {{ ref('int_survey_answer') }}
