{{ config(materialized='incremental', meta={'changed_by': 'int_changed_return'}) }}

with returns as (
    select * from {{ ref('int_returns_as_of') }}
    where {{ is_changed('int_changed_return') }}
),

-- a line that does not count has no amount
counted_lines as (
    select
        *,
        case when is_counted then net_amount end as counted_amount
    from {{ ref('int_order_line') }}
    where order_id in (select order_id from returns)
),

lines as (
    select
        source,
        order_id,
        line_id,
        currency,
        quantity,
        is_counted,
        counted_amount as net_amount,
        sum(counted_amount) over (partition by source, order_id) as lines_net_amount,
        sum(net_amount) over (partition by source, order_id) as all_lines_net_amount
    from counted_lines
),

-- the lines of an order have the rate of its day, so there is one rate per currency
line_rates as (
    select
        source,
        order_id,
        currency,
        max(fx_rate) as fx_rate
    from counted_lines
    group by source, order_id, currency
),

-- all known lines, including removed ones
known_lines as (
    select
        source,
        order_id,
        line_id
    from {{ ref('int_order_lines_latest') }}
    where order_id in (select order_id from returns)
),

placed as (
    select
        returns.*,
        orders.order_id is not null as has_order,
        orders.order_id is null and deleted.record_id is not null as is_of_deleted_order,
        -- the customer of the order, even if somebody else returns the goods
        case when orders.order_id is not null then orders.customer_key else identities.customer_key end as customer_key,
        coalesce(returns.returned_at, orders.ordered_at) as dated_at,
        coalesce(returns.event_on, orders.ordered_on) as returned_on,
        coalesce(returns.currency, lines.currency, orders.currency, '{{ var("currency") }}') as return_currency,
        coalesce(orders.is_counted, false) as is_counted,
        -- if the header states the amount, the return of a cancelled line lowers it
        coalesce(orders.is_sum_of_lines, false)
        and known_lines.line_id is not null
        and not coalesce(lines.is_counted, false) as is_of_uncounted_line,
        orders.currency as order_currency,
        orders.fx_rate as order_fx_rate,
        orders.n_lines as n_order_lines,
        orders.net_amount as order_net_amount,
        case when orders.total_amount > 0 then orders.total_amount else orders.net_amount end as order_total_amount,
        lines.net_amount as line_net_amount,
        lines.quantity as line_quantity,
        case when orders.includes_uncounted_lines then lines.all_lines_net_amount else lines.lines_net_amount end
            as lines_net_amount,
        (returns.tax is not null or returns.shipping is not null)
        and coalesce(returns.amount_basis, 'gross') = 'gross' as is_split
    from returns
    left join {{ ref('int_order') }} as orders
        on returns.source = orders.source and returns.order_id = orders.order_id
    left join {{ ref('int_deletions_as_of') }} as deleted
        on returns.source = deleted.source and deleted.entity = 'orders' and returns.order_id = deleted.record_id
    left join lines
        on
            returns.source = lines.source
            and returns.order_id = lines.order_id
            and returns.line_id = lines.line_id
    left join known_lines
        on
            returns.source = known_lines.source
            and returns.order_id = known_lines.order_id
            and returns.line_id = known_lines.line_id
    left join {{ ref('int_customer_identity') }} as identities
        on returns.source = identities.source and returns.customer_ref = identities.customer_ref
),

rated as (
    select
        placed.*,
        -- a refund takes back what was counted, so it has the rate of the order, if it is in the currency of the order
        -- or of one of its lines
        coalesce(
            line_rates.fx_rate,
            case when placed.return_currency = placed.order_currency then placed.order_fx_rate end,
            {{ rate_of('placed.return_currency', 'rates.fx_rate') }}
        ) as return_rate
    from placed
    left join line_rates
        on
            placed.source = line_rates.source
            and placed.order_id = line_rates.order_id
            and placed.return_currency = line_rates.currency
    left join {{ ref('int_fx_rate_day') }} as rates
        on placed.return_currency = rates.currency and placed.returned_on = rates.rate_on
),

valued as (
    select
        *,
        {{ multiply('amount', 'return_rate') }} as stated_amount,
        {{ multiply('amount - coalesce(tax, 0) - coalesce(shipping, 0)', 'return_rate') }} as split_amount,
        -- by how much a sum of converted amounts can differ from the converted sum
        case
            when return_currency = '{{ var("currency") }}' then 0
            else 0.01 + 0.005 * coalesce(n_order_lines, 0)
        end as rounding_amount,
        amount is null and is_counted and line_net_amount > 0 and (quantity is null or line_quantity > 0) as is_of_line,
        amount is null and is_counted and line_id is null and quantity is null and coalesce(kind, 'return') <> 'credit'
            as is_of_whole_order
    from rated
),

classified as (
    select
        *,
        -- no assumption if it is the price of the goods, apart from rounding
        amount_basis is null
        and not is_split
        and is_counted
        and abs(order_total_amount - order_net_amount) > rounding_amount
        and stated_amount > 0
        and abs(stated_amount - order_net_amount) > rounding_amount as is_basis_assumed,
        -- more than the price of the goods, or exactly what was paid with tax and shipping
        stated_amount = order_total_amount
        or stated_amount > order_net_amount + rounding_amount as is_more_than_goods,
        case
            when is_of_deleted_order or (has_order and not is_counted) then 'order_not_counted'
            when is_of_uncounted_line then 'line_not_counted'
            when returned_on is null then 'missing_date'
            when amount is not null and stated_amount is null then 'missing_rate'
            when amount is null and not coalesce(is_of_line, false) and not is_of_whole_order then 'missing_amount'
        end as issue
    from valued
)

select
    source,
    return_id,
    case when has_order then order_id end as order_id,
    line_id,
    customer_key,
    dated_at as returned_at,
    returned_on,
    event_on is null as is_undated,
    kind,
    fault,
    quantity,
    return_currency as currency,
    stated_amount,
    rounding_amount,
    case
        when stated_amount is null then null
        when (is_basis_assumed and is_more_than_goods) or (is_split and split_amount < stated_amount) then 'gross'
        when is_split then 'goods'
        else coalesce(amount_basis, 'goods')
    end as amount_basis,
    coalesce(is_basis_assumed, false) as is_basis_assumed,
    case when is_split then split_amount end as split_amount,
    issue is null and coalesce(is_of_line, false) as is_of_line,
    issue is null and is_of_whole_order as is_of_whole_order,
    order_id is not null and not has_order as is_order_unknown,
    is_counted,
    order_net_amount,
    order_total_amount,
    line_net_amount,
    line_quantity,
    lines_net_amount,
    issue
from classified
