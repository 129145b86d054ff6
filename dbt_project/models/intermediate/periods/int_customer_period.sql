with days as (
    select * from {{ ref('int_customer_day') }}
    where day_on <= {{ as_of_date() }}
),

months as (
    select
        customer_key,
        {{ month_start('day_on') }} as month_on,
        sum(n_orders) as n_orders,
        sum(n_orders - n_orders_without_amount) as n_valued_orders,
        sum(case when is_purchase_day then 1 else 0 end) as n_purchase_days,
        max(case when purchase_day_number = 2 then 1 else 0 end) as n_second_purchases,
        sum(coalesce(net_amount, 0)) as purchase_amount,
        sum(returned_amount) as returned_amount,
        min(case when is_purchase_day then day_on end) as first_purchase_on
    from days
    group by customer_key, {{ month_start('day_on') }}
),

-- a month before the first purchase has only returns, of purchases that are not in the data: it is in no cohort
placed as (
    select
        *,
        min(first_purchase_on) over (partition by customer_key) as joined_on
    from months
),

{%- for kind in period_kinds() %}

{{ kind }}s_of_customers as (
    select
        '{{ kind }}' as period_kind,
        {{ period_start(kind, 'month_on') }} as period_on,
        customer_key,
        case
            when {{ period_start(kind, 'month_on') }} >= {{ period_start(kind, 'joined_on') }}
                then {{ period_start(kind, 'joined_on') }}
        end as cohort_on,
        sum(n_orders) as n_orders,
        sum(n_valued_orders) as n_valued_orders,
        sum(n_purchase_days) as n_purchase_days,
        max(n_second_purchases) as n_second_purchases,
        sum(purchase_amount) as purchase_amount,
        sum(returned_amount) as returned_amount
    from placed
    group by customer_key, joined_on, {{ period_start(kind, 'month_on') }}
),
{%- endfor %}

final as (
    {%- for kind in period_kinds() %}
    select *
    from {{ kind }}s_of_customers
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    period_kind,
    period_on,
    customer_key,
    cohort_on,
    cast(n_orders as integer) as n_orders,
    cast(n_valued_orders as integer) as n_valued_orders,
    cast(n_purchase_days as integer) as n_purchase_days,
    cast(n_second_purchases as integer) as n_second_purchases,
    cast(purchase_amount as decimal(18, 2)) as purchase_amount,
    cast(returned_amount as decimal(18, 2)) as returned_amount,
    cast(purchase_amount - returned_amount as decimal(18, 2)) as net_amount
from final
