{{ config(materialized='view') }}

select
    invitation_key,
    source,
    invitation_id,
    survey_id,
    customer_key,
    channel,
    touchpoint,
    source_channel,
    sent_at,
    sent_on
from {{ ref('int_survey_invitation') }}
