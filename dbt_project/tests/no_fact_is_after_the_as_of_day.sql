-- No fact happened after the as-of day.
select
    'fct_order' as fact,
    order_key as fact_key
from {{ ref('fct_order') }}
where
    ordered_on > {{ as_of_date() }}
    or {{ business_date('paid_at') }} > {{ as_of_date() }}
    or {{ business_date('delivered_at') }} > {{ as_of_date() }}
    or {{ business_date('cancelled_at') }} > {{ as_of_date() }}
union all
select
    'fct_return' as fact,
    return_key as fact_key
from {{ ref('fct_return') }}
where returned_on > {{ as_of_date() }}
union all
select
    'fct_survey_answer' as fact,
    answer_key as fact_key
from {{ ref('fct_survey_answer') }}
where answered_on > {{ as_of_date() }}
