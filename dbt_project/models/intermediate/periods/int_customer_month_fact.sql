{%- set measures = [
    'n_orders', 'n_active', 'purchase_amount', 'returned_amount', 'net_amount', 'paid_amount', 'list_amount',
    'n_categories', 'n_cases', 'n_interactions', 'n_service_costs', 'service_cost_amount', 'n_touches',
    'n_marketing_costs', 'marketing_cost_amount', 'n_referrals', 'referred_net_amount'
] -%}

{#- The facts: a CTE, its customer, its day, and the measures that it has; the others are 0. -#}
{%- set known_cost = 'case when cost_amount is null then 0 else 1 end' -%}
{%- set facts = [
    ('months', 'customer_key', 'period_on', {
        'n_orders': 'n_orders', 'n_active': 'n_active', 'purchase_amount': 'purchase_amount',
        'returned_amount': 'returned_amount', 'net_amount': 'net_amount'
    }),
    ('bought', 'customer_key', 'month_on', {
        'paid_amount': 'coalesce(paid_amount, 0)', 'list_amount': 'coalesce(list_amount, 0)',
        'n_categories': 'n_categories'
    }),
    ('cases', 'customer_key', 'opened_on', {
        'n_cases': '1', 'n_service_costs': known_cost, 'service_cost_amount': 'coalesce(cost_amount, 0)'
    }),
    ('interactions', 'customer_key', 'occurred_on', {
        'n_interactions': '1', 'n_service_costs': known_cost, 'service_cost_amount': 'coalesce(cost_amount, 0)'
    }),
    ('touches', 'customer_key', 'touched_on', {
        'n_touches': '1', 'n_marketing_costs': known_cost, 'marketing_cost_amount': 'coalesce(cost_amount, 0)'
    }),
    ('referrals', 'referrer_customer_key', 'referred_on', {'n_referrals': '1'}),
    ('revenue_of_referred', 'referrer_customer_key', 'period_on', {'referred_net_amount': 'net_amount'}),
] -%}

with months as (
    select
        *,
        case when n_purchase_days > 0 then 1 else 0 end as n_active
    from {{ ref('int_customer_period') }}
    where period_kind = 'month'
),

-- as long as a source showed no discount, its lines say nothing about the list price
bought as (
    select
        customer_key,
        {{ month_start('ordered_on') }} as month_on,
        category,
        sum(case when discount_known_on = ordered_on and list_amount > 0 then paid_amount end) as paid_amount,
        sum(case when discount_known_on = ordered_on and paid_amount is not null then list_amount end) as list_amount,
        case when category is null then 0 else 1 end as n_categories
    from {{ ref('int_order_line_price') }}
    where line_id is not null
    group by customer_key, {{ month_start('ordered_on') }}, category
),

-- the first referral brought the customer
referrals as (
    select
        referrer_customer_key,
        referred_customer_key,
        referred_on,
        row_number() over (
            partition by referred_customer_key order by referred_on, referred_at, source, referral_id
        ) as referral_rank
    from {{ ref('int_referral') }}
    where not is_self_referral and referrer_customer_key is not null
),

revenue_of_referred as (
    select
        referrals.referrer_customer_key,
        months.period_on,
        months.net_amount
    from referrals
    inner join months
        on
            referrals.referred_customer_key = months.customer_key
            and {{ month_start('referrals.referred_on') }} <= months.period_on
    where referrals.referral_rank = 1
),

cases as (
    select * from {{ ref('int_case') }}
),

interactions as (
    select * from {{ ref('int_interaction') }}
),

touches as (
    select * from {{ ref('int_campaign_touch') }}
),

united as (
    {%- for relation, customer, day, found in facts %}
    select
        {%- for measure in measures %}
        cast({{ found.get(measure, '0') }} as decimal(18, 2)) as {{ measure }},
        {%- endfor %}
        {{ customer }} as customer_key,
        {{ month_start(day) }} as month_on
    from {{ relation }}
    where {{ customer }} is not null and {{ day }} <= {{ as_of_date() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    {%- for measure in measures %}
    {%- set kind = 'integer' if measure.startswith('n_') else 'decimal(18, 2)' %}
    cast(sum({{ measure }}) as {{ kind }}) as {{ measure }},
    {%- endfor %}
    customer_key,
    month_on
from united
group by customer_key, month_on
