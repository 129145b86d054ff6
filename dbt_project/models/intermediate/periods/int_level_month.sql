{%- set facts = [
    'n_orders', 'n_active', 'purchase_amount', 'returned_amount', 'net_amount', 'paid_amount', 'list_amount',
    'n_categories', 'n_cases', 'n_interactions', 'n_service_costs', 'service_cost_amount', 'n_touches',
    'n_marketing_costs', 'marketing_cost_amount', 'n_referrals', 'referred_net_amount'
] -%}
{%- set first_mart_day = "date '" ~ (mart_days() or ['0001-01-01'])[0] ~ "'" -%}

with month_ends as (
    select observed_on
    from {{ ref('int_level_day') }}
    where is_month_end and observed_on in ({{ day_list(mart_days()) }})
),

-- Each month for which marts have the month end before it. The first month of the shop, at whose start nobody has
-- bought, only if marts have its own month end: in an older shop it would stand alone, years before the others.
months as (
    select
        periods.period_on as month_on,
        periods.is_complete,
        {{ add_days('periods.period_on', -1) }} as previous_on
    from {{ ref('int_period') }} as periods
    left join month_ends on {{ add_days('periods.period_on', -1) }} = month_ends.observed_on
    where
        periods.period_kind = 'month'
        and (
            month_ends.observed_on is not null
            or (periods.is_first and {{ month_end('periods.period_on') }} >= {{ first_mart_day }})
        )
),

customers as (
    select * from {{ ref('int_customer_month_fact') }}
),

-- the level at the start of a month, the facts of the month, and the revenue of the month before
placed as (
    select
        levels.customer_key,
        months.month_on,
        levels.level,
        1 as is_counted,
        0 as n_previous_active,
        cast(0 as decimal(18, 2)) as previous_net_amount{% for fact in facts %},
        cast(0 as decimal(18, 2)) as {{ fact }}{% endfor %}
    from {{ ref('int_customer_class') }} as levels
    inner join months on levels.observed_on = months.previous_on
    union all
    select
        customer_key,
        month_on,
        cast(null as string) as level,
        1 as is_counted,
        0 as n_previous_active,
        cast(0 as decimal(18, 2)) as previous_net_amount{% for fact in facts %},
        {{ fact }}{% endfor %}
    from customers
    union all
    select
        customers.customer_key,
        months.month_on,
        cast(null as string) as level,
        0 as is_counted,
        customers.n_active as n_previous_active,
        customers.net_amount as previous_net_amount{% for fact in facts %},
        cast(0 as decimal(18, 2)) as {{ fact }}{% endfor %}
    from customers
    inner join months on customers.month_on = {{ month_start('months.previous_on') }}
),

summed as (
    select
        customer_key,
        month_on,
        coalesce(max(level), 'not_known_yet') as level,
        sum(n_previous_active) as n_previous_active,
        sum(previous_net_amount) as previous_net_amount{% for fact in facts %},
        sum({{ fact }}) as {{ fact }}{% endfor %}
    from placed
    group by customer_key, month_on
    -- A customer who is not known at the start of a month counts only if something happened in it. Such a customer can
    -- have facts in the month before: a case can be older than the order by which its customer is known.
    having max(is_counted) = 1
)

select
    summed.month_on,
    summed.level,
    months.is_complete,
    count(*) as n_customers,
    sum(summed.n_previous_active) as n_previous_active,
    sum(summed.n_previous_active * summed.n_active) as n_kept,
    sum(case when summed.list_amount > 0 then 1 else 0 end) as n_priced_customers,
    sum(case when summed.n_categories > 0 then 1 else 0 end) as n_categorised_customers,
    sum(case when summed.referred_net_amount <> 0 then 1 else 0 end) as n_referrers,
    sum(summed.previous_net_amount) as previous_net_amount{% for fact in facts %},
    sum(summed.{{ fact }}) as {{ fact }}{% endfor %},
    {%- for one, other in [
        ('net_amount', 'net_amount'), ('paid_amount', 'paid_amount'), ('paid_amount', 'list_amount'),
        ('list_amount', 'list_amount'), ('service_cost_amount', 'service_cost_amount'),
        ('service_cost_amount', 'net_amount'), ('marketing_cost_amount', 'marketing_cost_amount'),
        ('marketing_cost_amount', 'net_amount')
    ] %}
    sum({{ amount_product('summed.' ~ one, 'summed.' ~ other) }}) as {{ one }}_x_{{ other }},
    {%- endfor %}
    sum({{ amount_product('summed.n_categories', 'summed.n_categories') }}) as n_categories_squared
from summed
inner join months on summed.month_on = months.month_on
group by summed.month_on, summed.level, months.is_complete
