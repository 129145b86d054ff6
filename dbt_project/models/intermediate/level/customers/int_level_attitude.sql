{{ config(materialized='view') }}

select
    customer_key,
    {{ as_of_date() }} as observed_on,
    n_effective_answers >= 0.5 and attitude_score < {{ var('loyalty_disloyal_attitude') }} as is_disloyal
from {{ ref('int_customer_attitude') }}
