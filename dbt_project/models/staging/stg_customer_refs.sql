{%- set refs = [
    ['orders', 'customer_ref'],
    ['order_lines', 'customer_ref'],
    ['returns', 'customer_ref'],
    ['customers', 'customer_ref'],
    ['interactions', 'customer_ref'],
    ['cases', 'customer_ref'],
    ['campaign_touches', 'customer_ref'],
    ['loyalty_events', 'customer_ref'],
    ['referrals', 'referrer_ref'],
    ['referrals', 'referred_ref'],
    ['survey_invitations', 'customer_ref'],
    ['survey_answers', 'customer_ref'],
] -%}
with stated as (
    {%- for name, column in refs %}
    select source, {{ column }} as ref, effective_on as known_on
    from {{ ref('stg_' ~ name) }}
    where {{ column }} is not null
    union all
    {%- endfor %}
    -- the reference may be one of another source
    select
        coalesce(person_source, source) as source,
        person_ref as ref,
        effective_on as known_on
    from {{ ref('stg_customers') }}
    where person_ref is not null
    union all
    -- an order may be known only from a rejected line
    select
        source,
        customer_ref as ref,
        known_on
    from {{ ref('stg_rejected_rows') }}
    where entity = 'order_lines' and customer_ref is not null
)

select
    source,
    ref,
    {{ earliest_known('known_on') }} as known_on
from stated
group by source, ref
