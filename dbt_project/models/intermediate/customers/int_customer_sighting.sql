{#- The rows that show a customer: the model, the column of the reference, the column of the day. -#}
{%- set places = [
    ['int_order', 'customer_ref', 'ordered_on'],
    ['int_returns_as_of', 'customer_ref', 'event_on'],
    ['int_interactions_as_of', 'customer_ref', 'event_on'],
    ['int_cases_as_of', 'customer_ref', 'event_on'],
    ['int_campaign_touches_as_of', 'customer_ref', 'event_on'],
    ['int_loyalty_events_as_of', 'customer_ref', 'event_on'],
    ['int_referrals_as_of', 'referrer_ref', 'event_on'],
    ['int_referrals_as_of', 'referred_ref', 'event_on'],
    ['int_survey_invitations_as_of', 'customer_ref', 'event_on'],
    ['int_survey_answers_as_of', 'customer_ref', 'event_on'],
    ['int_customers_as_of', 'customer_ref', 'event_on'],
] -%}
with seen as (
    {%- for model, column, day in places %}
    select source, {{ column }} as customer_ref, min({{ day }}) as seen_on
    from {{ ref(model) }}
    where {{ column }} is not null
    group by source, {{ column }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    identity.customer_key,
    seen.source,
    min(seen.seen_on) as seen_on
from seen
inner join {{ ref('int_customer_identity') }} as identity
    on seen.source = identity.source and seen.customer_ref = identity.customer_ref
group by identity.customer_key, seen.source
