-- The lower bound of whole.py: the main outputs of a build, in plain SQL over the same landed Parquet files.
-- {landing} is the folder of landed files, {day} the as-of day, {zone} the time zone, {out} the output folder.
-- Included: typed and deduplicated rows, facts, customer-days, summaries on 14 days, RFM, a level, cells, points, NPS.
-- Not included: rules, quarantine, reconciliation, as-of versions, checks, contracts, history, publication.

-- name: orders
create table orders as
select
    source,
    order_id,
    customer_ref,
    try_cast(ordered_at as timestamp) as ordered_at,
    try_cast(paid_at as timestamp) as paid_at,
    try_cast(cancelled_at as timestamp) as cancelled_at,
    try_cast(promised_at as timestamp) as promised_at,
    try_cast(delivered_at as timestamp) as delivered_at,
    status,
    channel,
    store_id,
    currency,
    try_cast(gross as decimal(18, 2)) as gross,
    try_cast(discount as decimal(18, 2)) as discount,
    try_cast(tax as decimal(18, 2)) as tax,
    try_cast(shipping as decimal(18, 2)) as shipping,
    try_cast(total as decimal(18, 2)) as total,
    coupon_code,
    is_test = 'true' as is_test
from read_parquet('{landing}/orders/*/*/*.parquet', hive_partitioning = true)
where order_id is not null and try_cast(ordered_at as timestamp) is not null
qualify row_number() over (
    partition by source, order_id
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: lines
create table lines as
select
    source,
    order_id,
    line_id,
    product_id,
    product_name,
    category,
    brand,
    try_cast(quantity as decimal(18, 4)) as quantity,
    try_cast(unit_price as decimal(18, 4)) as unit_price,
    try_cast(unit_cost as decimal(18, 4)) as unit_cost,
    try_cast(discount as decimal(18, 2)) as discount,
    currency
from read_parquet('{landing}/order_lines/*/*/*.parquet', hive_partitioning = true)
where order_id is not null
qualify row_number() over (
    partition by source, order_id, line_id
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: payments
create table payments as
select
    source,
    payment_id,
    order_id,
    try_cast(paid_at as timestamp) as paid_at,
    try_cast(amount as decimal(18, 2)) as amount,
    currency
from read_parquet('{landing}/payments/*/*/*.parquet', hive_partitioning = true)
qualify row_number() over (
    partition by source, payment_id
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: returns
create table returns as
select
    source,
    return_id,
    order_id,
    customer_ref,
    try_cast(returned_at as timestamp) as returned_at,
    try_cast(quantity as decimal(18, 4)) as quantity,
    try_cast(amount as decimal(18, 2)) as amount,
    currency,
    kind
from read_parquet('{landing}/returns/*/*/*.parquet', hive_partitioning = true)
qualify row_number() over (
    partition by source, return_id
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: customers
create table customers as
select
    source,
    customer_ref,
    country,
    city,
    segment,
    try_cast(signed_up_at as timestamp) as signed_up_at,
    acquisition_channel
from read_parquet('{landing}/customers/*/*/*.parquet', hive_partitioning = true)
qualify row_number() over (
    partition by source, customer_ref
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: answers
create table answers as
select
    source,
    response_id,
    question_id,
    customer_ref,
    try_cast(answered_at as timestamp) as answered_at,
    construct,
    try_cast(answer_number as decimal(18, 4)) as answer_number,
    try_cast(scale_min as decimal(18, 4)) as scale_min,
    try_cast(scale_max as decimal(18, 4)) as scale_max
from read_parquet('{landing}/survey_answers/*/*/*.parquet', hive_partitioning = true)
qualify row_number() over (
    partition by source, response_id, question_id
    order by try_cast(updated_at as timestamp) desc nulls last, file_on desc nulls last, content_hash desc
) = 1

-- name: fct_order
create table fct_order as
with rates as (
    select
        try_cast(day as date) as day_on,
        currency,
        try_cast(rate as decimal(18, 8)) as rate
    from read_parquet('{landing}/fx_rates/*/*/*.parquet', hive_partitioning = true)
    where try_cast(day as date) is not null and try_cast(rate as decimal(18, 8)) > 0
),

sums as (
    select
        source,
        order_id,
        count(*) as n_lines,
        sum(quantity) as quantity,
        sum(cast(quantity * unit_price as decimal(18, 2))) as gross
    from lines
    group by source, order_id
),

paid as (
    select source, order_id, sum(amount) as paid_amount from payments group by source, order_id
)

select
    orders.* exclude (gross, discount),
    md5(orders.source || orders.customer_ref) as customer_key,
    cast(timezone('{zone}', timezone('UTC', orders.ordered_at)) as date) as ordered_on,
    sums.n_lines,
    sums.quantity,
    paid.paid_amount,
    cast(coalesce(orders.gross, sums.gross) * coalesce(rates.rate, 1) as decimal(18, 2)) as gross_amount,
    cast(
        (coalesce(orders.gross, sums.gross) - coalesce(orders.discount, 0)) * coalesce(rates.rate, 1) as decimal(18, 2)
    ) as net_amount
from orders
left join sums on orders.source = sums.source and orders.order_id = sums.order_id
left join paid on orders.source = paid.source and orders.order_id = paid.order_id
asof left join rates on orders.currency = rates.currency and orders.ordered_at >= rates.day_on
where coalesce(orders.status, '') <> 'cancelled' and not coalesce(orders.is_test, false)

-- name: fct_order_line
create table fct_order_line as
select
    lines.*,
    fct_order.customer_key,
    fct_order.ordered_on,
    cast(lines.quantity * lines.unit_price as decimal(18, 2)) as gross_amount
from lines
left join fct_order on lines.source = fct_order.source and lines.order_id = fct_order.order_id

-- name: customer_day
create table customer_day as
with bought as (
    select
        customer_key,
        ordered_on as day_on,
        count(*) as n_orders,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from fct_order
    where customer_key is not null
    group by customer_key, ordered_on
),

returned as (
    select
        md5(returns.source || coalesce(returns.customer_ref, orders.customer_ref)) as customer_key,
        cast(timezone('{zone}', timezone('UTC', returns.returned_at)) as date) as day_on,
        sum(returns.amount) as returned_amount
    from returns
    left join orders on returns.source = orders.source and returns.order_id = orders.order_id
    group by all
)

select
    customer_key,
    day_on,
    coalesce(n_orders, 0) as n_orders,
    coalesce(gross_amount, 0) as gross_amount,
    coalesce(net_amount, 0) as net_amount,
    coalesce(returned_amount, 0) as returned_amount,
    n_orders is not null as is_purchase_day,
    lag(day_on) over (partition by customer_key, n_orders is not null order by day_on) as previous_on
from bought
full outer join returned using (customer_key, day_on)

-- name: customer_summary
create table customer_summary as
with observed as (
    select date '{day}' as observed_on
    union all
    select last_day(date '{day}' - to_months(months.range)) from range(1, 14) as months
)

select
    customer_key,
    observed_on,
    sum(n_orders) as n_orders,
    count(*) filter (is_purchase_day) as n_purchase_days,
    min(day_on) filter (is_purchase_day) as first_on,
    max(day_on) filter (is_purchase_day) as last_on,
    sum(gross_amount) as gross_amount,
    sum(net_amount) as net_amount,
    sum(returned_amount) as returned_amount,
    sum((net_amount - returned_amount) * cast(power(0.5, (observed_on - day_on) / 180.0) as decimal(18, 8))) as decayed,
    sum(cast(power(0.5, (observed_on - day_on) / 180.0) as decimal(18, 8))) filter (is_purchase_day) as decayed_days,
    sum(day_on - previous_on) as gap_days,
    sum((day_on - previous_on) * (day_on - previous_on)) as squared_gap_days
from customer_day
inner join observed on day_on <= observed_on
group by customer_key, observed_on

-- name: customer_rfm
create table customer_rfm as
with current_day as (
    select
        *,
        date '{day}' - last_on as recency_days,
        net_amount - returned_amount as kept_amount
    from customer_summary
    where observed_on = date '{day}' and n_purchase_days > 0
),

cuts as (
    select
        quantile_disc(recency_days, [0.2, 0.4, 0.6, 0.8]) as recency,
        quantile_disc(n_purchase_days, [0.2, 0.4, 0.6, 0.8]) as frequency,
        quantile_disc(kept_amount, [0.2, 0.4, 0.6, 0.8]) as monetary
    from current_day
)

select
    current_day.*,
    5 - len(list_filter(cuts.recency, lambda cut: cut < recency_days)) as r_quintile,
    1 + len(list_filter(cuts.frequency, lambda cut: cut < n_purchase_days)) as f_quintile,
    1 + len(list_filter(cuts.monetary, lambda cut: cut < kept_amount)) as m_quintile,
    case when recency_days > 365 then 'churned' when n_purchase_days >= 3 then 'loyal' else 'new' end as level
from current_day
cross join cuts

-- name: cells
create table cells as
select
    n_purchase_days - 1 as repeats,
    last_on - first_on as recency_days,
    observed_on - first_on as age_days,
    count(*) as n_customers
from customer_summary
where observed_on = date '{day}' and n_purchase_days > 0
group by all

-- name: points
create table points as
select
    customer_ref,
    sum(try_cast(points as decimal(18, 4))) filter (kind = 'earn') as earned,
    sum(try_cast(points as decimal(18, 4))) filter (kind = 'redeem') as redeemed
from read_parquet('{landing}/loyalty_events/*/*/*.parquet', hive_partitioning = true)
group by customer_ref

-- name: nps
create table nps as
select
    customer_ref,
    arg_max(answer_number, answered_at) as latest_answer,
    count(*) as n_answers
from answers
where construct = 'nps'
group by customer_ref
