{%- set sums = [
    'n_active', 'n_second_purchases', 'n_orders', 'n_orders_without_amount', 'purchase_amount', 'returned_amount',
    'net_amount'
] %}

with cells as (
    select * from {{ ref('int_retention_cell') }}
),

months as (
    select * from {{ ref('int_period') }}
    where period_kind = 'month'
),

kinds as (
    select 'all' as slice_by
    union all
    select 'origin' as slice_by
    union all
    select 'first_channel' as slice_by
),

-- the returns that are in no cohort are in the slice of all customers only
sliced as (
    select
        kinds.slice_by,
        case kinds.slice_by
            when 'origin' then cells.origin
            when 'first_channel' then cells.first_channel
            else 'all'
        end as slice_value,
        cells.*
    from cells
    cross join kinds
    where kinds.slice_by = 'all' or cells.cohort_on is not null
),

summed as (
    select
        slice_by,
        slice_value,
        cohort_on,
        month_on{% for column in sums %},
        sum({{ column }}) as {{ column }}{% endfor %}
    from sliced
    group by slice_by, slice_value, cohort_on, month_on
),

-- a row for each cohort and each of its months, also without purchases
placed as (
    select
        cohorts.slice_by,
        cohorts.slice_value,
        cohorts.cohort_on,
        cohorts.n_active as n_customers,
        months.period_on as month_on
    from summed as cohorts
    inner join months on cohorts.cohort_on <= months.period_on
    where cohorts.cohort_on = cohorts.month_on
),

counted as (
    select
        placed.n_customers,
        coalesce(placed.slice_by, summed.slice_by) as slice_by,
        coalesce(placed.slice_value, summed.slice_value) as slice_value,
        coalesce(placed.month_on, summed.month_on) as month_on,
        placed.cohort_on{% for column in sums %},
        coalesce(summed.{{ column }}, 0) as {{ column }}{% endfor %}
    from placed
    full outer join summed
        on
            placed.slice_by = summed.slice_by
            and placed.slice_value = summed.slice_value
            and placed.cohort_on = summed.cohort_on
            and placed.month_on = summed.month_on
),

final as (
    select
        counted.*,
        months.is_complete as is_month_complete,
        coalesce(cohort_months.is_complete, false) as is_cohort_complete,
        coalesce(cohort_months.is_first, false) as is_first_cohort,
        months.period_number - cohort_months.period_number as months_since,
        counted.n_active as n_retained,
        sum(counted.n_second_purchases) over until_month as n_repurchased,
        sum(counted.net_amount) over until_month as cumulative_net_amount
    from counted
    inner join months on counted.month_on = months.period_on
    left join months as cohort_months on counted.cohort_on = cohort_months.period_on
    window until_month as (
        partition by counted.slice_by, counted.slice_value, counted.cohort_on
        order by counted.month_on rows between unbounded preceding and current row
    )
)

select
    {{ as_of_date() }} as as_of_on,
    slice_by,
    slice_value,
    cohort_on,
    month_on,
    cast(months_since as integer) as months_since,
    is_cohort_complete,
    is_month_complete,
    is_first_cohort,
    cast(coalesce(n_customers, 0) as integer) as n_customers,
    {%- for part in ['retained', 'repurchased'] %}
    cast(n_{{ part }} as integer) as n_{{ part }},
    cast({{ divide('n_' ~ part, 'n_customers', 6, 0) }} as decimal(9, 6)) as {{ part }}_share,
    {{ wilson_bound('n_' ~ part, 'n_customers', '-') }} as {{ part }}_share_low,
    {{ wilson_bound('n_' ~ part, 'n_customers', '+') }} as {{ part }}_share_high,
    {%- endfor %}
    cast(n_orders as integer) as n_orders,
    cast(n_orders_without_amount as integer) as n_orders_without_amount,
    {%- for amount in ['purchase_amount', 'returned_amount', 'net_amount'] %}
    cast({{ amount }} as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    cast(cumulative_net_amount as decimal(18, 2)) as cumulative_net_amount
from final
