{{ config(materialized='view') }}

select
    customer_key,
    observed_on,
    is_known
    and evidence_weight >= {{ var('level_disloyal_evidence_weight') }}
    and raw_score < {{ var('loyalty_disloyal_attitude') }} as is_disloyal
from {{ ref('int_customer_dimension') }}
where dimension = 'attitude'
