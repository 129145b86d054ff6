-- As-of is honest: no fact happened after the day that is built.
select
    'fct_order' as fact,
    order_key as fact_key
from {{ ref('fct_order') }}
where
    ordered_on > date '{{ var("as_of") }}'
    or {{ business_date('paid_at') }} > date '{{ var("as_of") }}'
    or {{ business_date('delivered_at') }} > date '{{ var("as_of") }}'
    or {{ business_date('cancelled_at') }} > date '{{ var("as_of") }}'
union all
select
    'fct_return' as fact,
    return_key as fact_key
from {{ ref('fct_return') }}
where returned_on > date '{{ var("as_of") }}'
union all
select
    'fct_survey_answer' as fact,
    answer_key as fact_key
from {{ ref('fct_survey_answer') }}
where answered_on > date '{{ var("as_of") }}'
