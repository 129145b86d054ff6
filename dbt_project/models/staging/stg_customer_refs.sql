{%- set refs = [
    ['orders', 'customer_ref'],
    ['order_lines', 'customer_ref'],
    ['returns', 'customer_ref'],
    ['customers', 'customer_ref'],
    ['customers', 'person_ref'],
    ['interactions', 'customer_ref'],
    ['cases', 'customer_ref'],
    ['campaign_touches', 'customer_ref'],
    ['loyalty_events', 'customer_ref'],
    ['referrals', 'referrer_ref'],
    ['referrals', 'referred_ref'],
    ['survey_invitations', 'customer_ref'],
    ['survey_answers', 'customer_ref'],
] -%}
{% for name, column in refs -%}
select source, {{ column }} as ref
from {{ ref('stg_' ~ name) }}
where {{ column }} is not null
union
{% endfor -%}
-- an order may be known only from a rejected line
select
    source,
    customer_ref as ref
from {{ ref('stg_rejected_rows') }}
where entity = 'order_lines' and customer_ref is not null
