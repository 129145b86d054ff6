with cells as (
    select * from {{ ref('int_period_cell') }}
),

periods as (
    select * from {{ ref('int_period') }}
),

kinds as (
    select 'all' as slice_by
    union all
    select 'orders' as slice_by
    union all
    select 'decile' as slice_by
),

slices as (
    select
        kinds.slice_by,
        case kinds.slice_by
            when 'orders' then cells.of_orders
            when 'decile' then cells.of_decile
            else 'all'
        end as slice_value,
        cells.*
    from cells
    cross join kinds
),

summed as (
    select
        period_kind,
        period_on,
        slice_by,
        slice_value,
        {%- for column in [
            'n_customers', 'n_orders', 'n_orders_without_amount', 'purchase_amount', 'returned_amount', 'net_amount',
            'net_squared'
        ] %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        min(lowest_net_amount) as lowest_net_amount,
        max(highest_net_amount) as highest_net_amount
    from slices
    group by period_kind, period_on, slice_by, slice_value
),

compared as (
    select
        summed.*,
        totals.n_customers as n_all,
        totals.net_amount as net_of_all,
        case when totals.net_amount > 0 then {{ divide('summed.net_amount', 'totals.net_amount', 6, 2) }} end
            as net_share,
        {{ ratio_half_width(
            'summed.net_amount', 'totals.net_amount', 'summed.net_squared', 'summed.net_squared',
            'totals.net_squared', 'totals.n_customers'
        ) }} as share_half_width,
        {{ divide('summed.net_amount', 'summed.n_customers', 2, 2) }} as mean_net_amount,
        {{ ratio_half_width(
            'summed.net_amount', 'summed.n_customers', 'summed.net_squared', 'summed.net_amount',
            'summed.n_customers', 'summed.n_customers', scale=2
        ) }} as mean_half_width
    from summed
    inner join summed as totals
        on
            summed.period_kind = totals.period_kind
            and summed.period_on = totals.period_on
            and totals.slice_by = 'all'
)

select
    {{ as_of_date() }} as as_of_on,
    compared.period_kind,
    compared.period_on,
    periods.is_complete,
    compared.slice_by,
    compared.slice_value,
    cast(compared.n_customers as integer) as n_customers,
    cast({{ divide('compared.n_customers', 'compared.n_all', 6, 0) }} as decimal(9, 6)) as customer_share,
    {{ wilson_bound('compared.n_customers', 'compared.n_all', '-') }} as customer_share_low,
    {{ wilson_bound('compared.n_customers', 'compared.n_all', '+') }} as customer_share_high,
    cast(compared.n_orders as integer) as n_orders,
    cast(compared.n_orders_without_amount as integer) as n_orders_without_amount,
    {%- for amount in ['purchase_amount', 'returned_amount', 'net_amount', 'lowest_net_amount', 'highest_net_amount'] %}
    cast(compared.{{ amount }} as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    compared.mean_net_amount,
    cast(compared.mean_net_amount - compared.mean_half_width as decimal(18, 2)) as mean_net_amount_low,
    cast(compared.mean_net_amount + compared.mean_half_width as decimal(18, 2)) as mean_net_amount_high,
    compared.net_share,
    cast(compared.net_share - compared.share_half_width as decimal(18, 6)) as net_share_low,
    cast(compared.net_share + compared.share_half_width as decimal(18, 6)) as net_share_high
from compared
inner join periods
    on compared.period_kind = periods.period_kind and compared.period_on = periods.period_on
