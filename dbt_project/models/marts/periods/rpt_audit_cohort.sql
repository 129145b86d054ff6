{%- set sums = [
    'n_rows', 'n_active', 'n_orders', 'n_valued_orders', 'purchase_amount', 'returned_amount', 'net_amount',
    'orders_squared', 'amount_of_orders', 'amount_squared', 'net_squared'
] %}

with customers as (
    select * from {{ ref('int_customer_period') }}
    where period_kind in ('quarter', 'year')
),

periods as (
    select * from {{ ref('int_period') }}
),

summed as (
    select
        period_kind,
        cohort_on,
        period_on,
        count(*) as n_rows,
        sum(case when n_purchase_days > 0 then 1 else 0 end) as n_active,
        sum(n_orders) as n_orders,
        sum(n_valued_orders) as n_valued_orders,
        sum(purchase_amount) as purchase_amount,
        sum(returned_amount) as returned_amount,
        sum(net_amount) as net_amount,
        sum(cast(n_valued_orders as bigint) * n_valued_orders) as orders_squared,
        sum({{ multiply('purchase_amount', 'n_valued_orders', 2, 2, 0, 38) }}) as amount_of_orders,
        sum({{ amount_product('purchase_amount', 'purchase_amount') }}) as amount_squared,
        sum({{ amount_product('net_amount', 'net_amount') }}) as net_squared
    from customers
    group by period_kind, cohort_on, period_on
),

-- a row for each cohort and each of its periods, also without purchases
placed as (
    select
        cohorts.period_kind,
        cohorts.cohort_on,
        cohorts.n_active as n_customers,
        periods.period_on
    from summed as cohorts
    inner join periods
        on cohorts.period_kind = periods.period_kind and cohorts.cohort_on <= periods.period_on
    where cohorts.cohort_on = cohorts.period_on
),

filled as (
    select
        coalesce(placed.period_kind, summed.period_kind) as period_kind,
        coalesce(placed.period_on, summed.period_on) as period_on,
        placed.cohort_on,
        coalesce(placed.n_customers, 0) as n_customers{% for column in sums %},
        coalesce(summed.{{ column }}, 0) as {{ column }}{% endfor %}
    from placed
    full outer join summed
        on
            placed.period_kind = summed.period_kind
            and placed.cohort_on = summed.cohort_on
            and placed.period_on = summed.period_on
),

counted as (
    select
        filled.*,
        periods.is_complete,
        coalesce(cohort_periods.is_complete, false) as is_cohort_complete,
        coalesce(cohort_periods.is_first, false) as is_first_cohort,
        periods.period_number - cohort_periods.period_number as periods_since,
        sum(filled.n_rows) over (partition by filled.period_kind, filled.period_on) as period_n_rows,
        sum(filled.net_amount) over (partition by filled.period_kind, filled.period_on) as period_net_amount,
        sum(filled.net_squared) over (partition by filled.period_kind, filled.period_on) as period_net_squared
    from filled
    inner join periods
        on filled.period_kind = periods.period_kind and filled.period_on = periods.period_on
    left join periods as cohort_periods
        on filled.period_kind = cohort_periods.period_kind and filled.cohort_on = cohort_periods.period_on
),

means as (
    select
        *,
        {{ divide('n_valued_orders', 'n_active', 6, 0) }} as orders_per_active,
        {{ ratio_half_width(
            'n_valued_orders', 'n_active', 'orders_squared', 'n_valued_orders', 'n_active', 'n_active'
        ) }} as orders_per_active_half_width,
        {{ divide('purchase_amount', 'n_valued_orders', 2, 2) }} as mean_order_amount,
        {{ ratio_half_width(
            'purchase_amount', 'n_valued_orders', 'amount_squared', 'amount_of_orders', 'orders_squared', 'n_active',
            scale=2
        ) }} as mean_order_amount_half_width,
        case when period_net_amount > 0 then {{ divide('net_amount', 'period_net_amount', 6, 2) }} end as net_share,
        {{ ratio_half_width(
            'net_amount', 'period_net_amount', 'net_squared', 'net_squared', 'period_net_squared', 'period_n_rows'
        ) }} as net_share_half_width
    from counted
)

select
    {{ as_of_date() }} as as_of_on,
    period_kind,
    cohort_on,
    period_on,
    cast(periods_since as integer) as periods_since,
    is_complete,
    is_cohort_complete,
    is_first_cohort,
    cast(n_customers as integer) as n_customers,
    cast(n_active as integer) as n_active,
    cast({{ divide('n_active', 'n_customers', 6, 0) }} as decimal(9, 6)) as active_share,
    {{ wilson_bound('n_active', 'n_customers', '-') }} as active_share_low,
    {{ wilson_bound('n_active', 'n_customers', '+') }} as active_share_high,
    cast(n_orders as integer) as n_orders,
    cast(n_valued_orders as integer) as n_valued_orders,
    {%- for mean, scale in [('orders_per_active', 6), ('mean_order_amount', 2), ('net_share', 6)] %}
    {{ with_bounds(mean, scale) }},
    {%- endfor %}
    cast(purchase_amount as decimal(18, 2)) as purchase_amount,
    cast(returned_amount as decimal(18, 2)) as returned_amount,
    cast(net_amount as decimal(18, 2)) as net_amount
from means
