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
union all
select
    'fct_interaction' as fact,
    interaction_key as fact_key
from {{ ref('fct_interaction') }}
where occurred_on > {{ as_of_date() }}
union all
select
    'fct_case' as fact,
    case_key as fact_key
from {{ ref('fct_case') }}
where
    opened_on > {{ as_of_date() }}
    or {{ business_date('first_response_at') }} > {{ as_of_date() }}
    or {{ business_date('closed_at') }} > {{ as_of_date() }}
union all
select
    'fct_campaign_touch' as fact,
    touch_key as fact_key
from {{ ref('fct_campaign_touch') }}
where touched_on > {{ as_of_date() }}
union all
select
    'fct_loyalty_event' as fact,
    loyalty_event_key as fact_key
from {{ ref('fct_loyalty_event') }}
where occurred_on > {{ as_of_date() }}
union all
select
    'fct_referral' as fact,
    referral_key as fact_key
from {{ ref('fct_referral') }}
where referred_on > {{ as_of_date() }}
union all
select
    'fct_survey_invitation' as fact,
    invitation_key as fact_key
from {{ ref('fct_survey_invitation') }}
where sent_on > {{ as_of_date() }}
