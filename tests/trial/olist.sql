-- What the Olist sample says, in plain SQL over the raw files: the trials compare the marts with this.
-- Nothing of the project is used here: own reading, own casts, own rules. The folder comes as the variable `folder`.
-- Dates are M/D/YYYY in Brazil's time. The files have no date of their own: an order is known from the day it was placed,
-- an answer from the day it was given.

create or replace table raw_order as
select
    o.order_id,
    c.customer_unique_id as person,
    o.customer_id as customer,
    strptime(o.order_purchase_timestamp, '%m/%d/%Y %H:%M') as local_at,
    strptime(o.order_purchase_timestamp, '%m/%d/%Y %H:%M')::date as ordered_on,
    strptime(nullif(o.order_delivered_customer_date, ''), '%m/%d/%Y %H:%M') as delivered_local_at,
    strptime(nullif(o.order_estimated_delivery_date, ''), '%m/%d/%Y %H:%M')::date as promised_on,
    o.order_status as status,
    i.n_lines,
    i.gross_amount,
    i.freight_amount,
    o.order_status not in ('canceled', 'unavailable') and coalesce(i.gross_amount, 0) > 0 as is_purchase,
from read_csv(getvariable('folder') || '/olist_orders_dataset.csv', header = true, all_varchar = true) as o
join read_csv(getvariable('folder') || '/olist_customers_dataset.csv', header = true, all_varchar = true) as c
    on c.customer_id = o.customer_id
left join (
    select
        order_id,
        count(*) as n_lines,
        sum(price::decimal(18, 2))::decimal(18, 2) as gross_amount,
        sum(freight_value::decimal(18, 2))::decimal(18, 2) as freight_amount,
    from read_csv(getvariable('folder') || '/olist_order_items_dataset.csv', header = true, all_varchar = true)
    group by order_id
) as i on i.order_id = o.order_id;

create or replace table raw_review as
select
    r.review_pk as response,
    r.order_id,
    r.review_score::integer as score,
    strptime(r.review_answer_timestamp, '%m/%d/%Y %H:%M') as answered_local_at,
    strptime(r.review_answer_timestamp, '%m/%d/%Y %H:%M')::date as answered_on,
from read_csv(getvariable('folder') || '/olist_order_reviews_dataset.csv', header = true, all_varchar = true) as r;

create or replace macro utc(local_at) as timezone('UTC', timezone('America/Sao_Paulo', local_at));

-- One row an order placed by then. A delivery that is still to come is not known; late is behind the promised day.
create or replace macro raw_orders(as_of) as table
with
known as (
    select
        * exclude (delivered_local_at),
        case when delivered_local_at::date <= as_of then delivered_local_at end as delivered_local_at,
    from raw_order
    where ordered_on <= as_of
)
select
    order_id,
    person,
    utc(local_at) as ordered_at,
    ordered_on,
    utc(delivered_local_at) as delivered_at,
    promised_on,
    delivered_local_at::date > promised_on as is_late,
    coalesce(n_lines, 0) as n_lines,
    gross_amount,
    is_purchase,
from known;

create or replace macro raw_months(as_of) as table
select
    date_trunc('month', ordered_on)::date as month_on,
    count(*) as n_orders,
    count(*) filter (is_purchase) as n_purchases,
    count(distinct person) filter (is_purchase) as n_customers,
    coalesce(sum(gross_amount) filter (is_purchase), 0)::decimal(18, 2) as purchase_amount,
    count(*) filter (delivered_at is not null) as n_delivered,
    count(*) filter (is_late) as n_late,
from raw_orders(as_of)
group by all;

-- One row a person who bought by then; nothing is ever given back in these files.
create or replace macro raw_rfm(as_of) as table
select *, as_of::date - last_purchase_on as recency_days,
from (
    select
        person as customer,
        min(ordered_on) as first_purchase_on,
        max(ordered_on) as last_purchase_on,
        count(distinct ordered_on) as purchase_days,
        count(*) as n_orders,
        sum(gross_amount)::decimal(18, 2) as net_amount,
    from raw_orders(as_of)
    where is_purchase
    group by person
);

-- One row a month: answers, and the share of the top two boxes (4 and 5 of 5).
create or replace macro raw_csat(as_of) as table
select
    date_trunc('month', answered_on)::date as month_on,
    count(*) as n_answers,
    count(*) filter (score >= 4) as n_satisfied,
    round(count(*) filter (score >= 4) / count(*), 6) as satisfied_share,
from raw_review
where answered_on <= as_of
group by all;
