{#- Ratios of sums over customers: name, numerator, denominator, sums of squares and products, number of customers. -#}
{%- set ratios = [
    ('net_share', 'net_amount', 'net_of_all', 'net_amount_x_net_amount', 'net_amount_x_net_amount', 'net_of_all_squared',
        'n_all'),
    ('mean_net_amount', 'net_amount', 'n_customers', 'net_amount_x_net_amount', 'net_amount', 'n_customers',
        'n_customers'),
    ('paid_share', 'paid_amount', 'list_amount', 'paid_amount_x_paid_amount', 'paid_amount_x_list_amount',
        'list_amount_x_list_amount', 'n_priced_customers'),
    ('mean_categories', 'n_categories', 'n_categorised_customers', 'n_categories_squared', 'n_categories',
        'n_categorised_customers', 'n_categorised_customers'),
    ('service_cost_share', 'known_service_amount', 'net_amount', 'service_cost_amount_x_service_cost_amount',
        'service_cost_amount_x_net_amount', 'net_amount_x_net_amount', 'n_customers'),
    ('marketing_cost_share', 'known_marketing_amount', 'net_amount', 'marketing_cost_amount_x_marketing_cost_amount',
        'marketing_cost_amount_x_net_amount', 'net_amount_x_net_amount', 'n_customers'),
] -%}
{%- set counts = [
    'priced_customers', 'categorised_customers', 'cases', 'interactions', 'service_costs', 'touches', 'marketing_costs',
] -%}

with levels as (
    select * from {{ ref('int_level_month') }}
),

-- the price level of all customers, and whether any cost is known, in the month
totals as (
    select
        month_on,
        sum(n_customers) as n_all,
        sum(net_amount) as net_of_all,
        sum(net_amount_x_net_amount) as net_of_all_squared,
        {{ divide('sum(paid_amount)', 'sum(list_amount)', 6, 2) }} as paid_share_of_all,
        sum(n_service_costs) > 0 as has_service_costs,
        sum(n_marketing_costs) > 0 as has_marketing_costs
    from levels
    group by month_on
),

known as (
    select
        levels.*,
        totals.n_all,
        totals.net_of_all,
        totals.net_of_all_squared,
        totals.paid_share_of_all,
        case when totals.has_service_costs then levels.service_cost_amount end as known_service_amount,
        case when totals.has_marketing_costs then levels.marketing_cost_amount end as known_marketing_amount
    from levels
    inner join totals on levels.month_on = totals.month_on
),

shares as (
    select
        {%- for name, y, x, yy, xy, xx, n in ratios %}
        {%- set scale = 2 if name.endswith('_amount') else 6 %}
        case when {{ x }} > 0 then {{ divide(y, x, scale, 2) }} end as {{ name }},
        {{ ratio_half_width(y, x, yy, xy, xx, n, scale) }} as {{ name }}_half_width,
        {%- endfor %}
        *
    from known
)

select
    {{ as_of_date() }} as as_of_on,
    month_on,
    level,
    is_complete,
    {%- for name in ['customers', 'active', 'previous_active', 'kept'] %}
    cast(n_{{ name }} as integer) as n_{{ name }},
    {%- endfor %}
    {%- for name, k, n in [('active', 'n_active', 'n_customers'), ('kept', 'n_kept', 'n_previous_active')] %}
    cast({{ divide(k, n, 6, 0) }} as decimal(9, 6)) as {{ name }}_share,
    {{ wilson_bound(k, n, '-') }} as {{ name }}_share_low,
    {{ wilson_bound(k, n, '+') }} as {{ name }}_share_high,
    {%- endfor %}
    cast(n_orders as integer) as n_orders,
    {%- for amount in ['purchase_amount', 'returned_amount', 'net_amount', 'previous_net_amount'] %}
    cast({{ amount }} as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    {%- for name in counts %}
    cast(n_{{ name }} as integer) as n_{{ name }},
    {%- endfor %}
    {%- for name in ['service', 'marketing'] %}
    cast(known_{{ name }}_amount as decimal(18, 2)) as {{ name }}_cost_amount,
    {%- endfor %}
    {%- for ratio in ratios %}
    {%- set name, decimals = ratio[0], 2 if ratio[0].endswith('_amount') else 6 %}
    {{ with_bounds(name, decimals) }},
    {%- endfor %}
    {%- for bound, width in [('', ''), ('_low', ' - paid_share_half_width'), ('_high', ' + paid_share_half_width')] %}
    cast(paid_share - paid_share_of_all{{ width }} as decimal(18, 6)) as price_premium_share{{ bound }},
    {%- endfor %}
    cast(n_referrals as integer) as n_referrals,
    cast(n_referrers as integer) as n_referrers,
    cast(referred_net_amount as decimal(18, 2)) as referred_net_amount
from shares
