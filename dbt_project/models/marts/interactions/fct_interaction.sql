{{ config(materialized='view') }}

select
    interaction_key,
    source,
    interaction_id,
    customer_key,
    occurred_at,
    occurred_on,
    kind,
    direction,
    channel,
    touchpoint,
    source_channel,
    sentiment,
    sentiment_score,
    duration_seconds,
    cost_amount
from {{ ref('int_interaction') }}
