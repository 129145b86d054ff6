with rejected as (
    select
        rejected_rows.source,
        rejected_rows.entity,
        rejected_rows.order_id,
        rejected_rows.row_amount,
        coalesce(rejected_rows.event_on, orders.ordered_on) as valued_on,
        coalesce(rejected_rows.currency, orders.currency, '{{ var("currency") }}') as currency
    from {{ ref('int_rejected_row') }} as rejected_rows
    left join {{ ref('int_order') }} as orders
        on rejected_rows.source = orders.source and rejected_rows.order_id = orders.order_id
    left join {{ ref('int_order_status') }} as statuses
        on rejected_rows.source = statuses.source and rejected_rows.status = statuses.status
    -- a cancelled line has no value, whether or not it can be read
    where rejected_rows.entity <> 'order_lines' or coalesce(statuses.status_class, 'sale') not in ('cancelled', 'test')
),

payments as (
    select
        payments.source,
        payments.amount,
        {{ rate_of("coalesce(payments.currency, '" ~ var('currency') ~ "')", 'rates.fx_rate') }} as fx_rate
    from {{ ref('int_payments_as_of') }} as payments
    left join {{ ref('int_fx_rate_day') }} as rates
        on payments.currency = rates.currency and payments.event_on = rates.rate_on
),

accepted as (
    select
        source,
        'order_lines' as entity,
        abs(net_amount) as amount
    from {{ ref('int_order_line') }}
    union all
    select
        source,
        'orders' as entity,
        abs(net_amount) as amount
    from {{ ref('int_order') }}
    union all
    select
        source,
        'returns' as entity,
        abs(return_amount) as amount
    from {{ ref('int_return') }}
    union all
    select
        source,
        'payments' as entity,
        abs({{ multiply('amount', 'fx_rate') }}) as amount
    from payments
),

means as (
    select
        source,
        entity,
        {{ divide('sum(amount)', 'count(amount)', 2, 2) }} as mean_amount
    from accepted
    group by source, entity
),

converted as (
    select
        rejected.source,
        rejected.entity,
        rejected.order_id,
        {{ multiply('rejected.row_amount', rate_of('rejected.currency', 'rates.fx_rate')) }} as read_amount
    from rejected
    left join {{ ref('int_fx_rate_day') }} as rates
        on rejected.currency = rates.currency and rejected.valued_on = rates.rate_on
),

valued as (
    select
        converted.source,
        converted.entity,
        converted.entity = 'order_lines' and converted.order_id is null as is_of_unknown_order,
        coalesce(converted.read_amount, means.mean_amount) as amount,
        converted.read_amount is null as is_amount_estimated
    from converted
    left join means
        on converted.source = means.source and converted.entity = means.entity
)

select
    case when entity = 'order_lines' then 'lines_rejected' else entity || '_rejected' end as issue,
    source,
    entity,
    case when is_amount_estimated then 'value estimated by the mean' else 'value read from the rows' end
    || case when is_of_unknown_order then ', order unknown' else '' end as detail,
    count(*) as n_rows,
    cast(sum(amount) as decimal(18, 2)) as amount,
    is_amount_estimated
from valued
group by source, entity, is_amount_estimated, is_of_unknown_order
