-- What Online Retail says, in plain SQL over the raw files: the trials compare the marts with this.
-- Nothing of the project is used here: own reading, own casts, own rules. The files' glob comes as the variable `files`.
-- Each macro takes the as-of day: the shop drops a day's file on that day, so the lines known are those dated by it.

create or replace table raw_line as
select
    InvoiceNo as invoice,
    StockCode as product,
    Quantity::integer as quantity,
    UnitPrice::decimal(18, 4) as price,
    strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S') as local_at,
    InvoiceDate[:10]::date as day_on,
    regexp_replace(nullif(trim(CustomerID), ''), '\.0$', '') as customer,
    parse_filename(filename) as file_name,
    (Quantity::integer * UnitPrice::decimal(18, 4))::decimal(18, 2) as amount,
    case
        when InvoiceNo like 'C%' then 'return'
        when InvoiceNo like 'A%' then 'bad debt'
        when Quantity::integer < 0 then 'stock adjustment'
        else 'sale'
    end as kind,
from read_csv(getvariable('files'), header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', filename = true);

-- One row a file: what its lines should become.
create or replace macro raw_files() as table
select
    file_name,
    count(*) as records,
    count(*) filter (kind = 'sale') as sales,
    count(*) filter (kind = 'return') as returns,
    count(*) filter (kind = 'stock adjustment') as stock_adjustments,
    count(*) filter (kind = 'bad debt') as bad_debts,
from raw_line
group by all;

-- One row a file and entity: how many of its rows should land there.
create or replace macro raw_landed() as table
select file_name, 'order_lines' as entity, sales as n_rows from raw_files() where sales > 0
union all
select file_name, 'returns' as entity, returns as n_rows from raw_files() where returns > 0;

create or replace macro raw_sales(as_of) as table
from raw_line where kind = 'sale' and day_on <= as_of;

create or replace macro raw_returns(as_of) as table
select * replace (-quantity as quantity, -amount as amount)
from raw_line where kind = 'return' and day_on <= as_of;

-- One row an invoice; a purchase where somebody known paid something.
create or replace macro raw_orders(as_of) as table
select
    invoice,
    min(customer) as customer,
    timezone('UTC', timezone('Europe/London', min(local_at))) as ordered_at,
    min(local_at)::date as ordered_on,
    count(*) as n_lines,
    sum(quantity) as quantity,
    sum(amount)::decimal(18, 2) as gross_amount,
    min(customer) is not null and sum(amount) > 0 as is_purchase,
from raw_sales(as_of)
group by invoice;

-- One row a month: everybody's orders and revenue, and apart from it the known customers' own.
create or replace macro raw_months(as_of) as table
with
sold as (
    select
        date_trunc('month', ordered_on)::date as month_on,
        count(*) as n_orders,
        count(*) filter (is_purchase) as n_purchases,
        count(distinct customer) filter (is_purchase) as n_customers,
        sum(gross_amount) as gross_amount,
        coalesce(sum(gross_amount) filter (is_purchase), 0) as purchase_amount,
    from raw_orders(as_of)
    group by all
),
given_back as (
    select
        date_trunc('month', day_on)::date as month_on,
        sum(amount) as returned_amount,
        coalesce(sum(amount) filter (customer is not null), 0) as customer_returned_amount,
    from raw_returns(as_of)
    group by all
)
select
    month_on,
    coalesce(n_orders, 0) as n_orders,
    coalesce(n_purchases, 0) as n_purchases,
    coalesce(n_customers, 0) as n_customers,
    coalesce(gross_amount, 0)::decimal(18, 2) as gross_amount,
    coalesce(returned_amount, 0)::decimal(18, 2) as returned_amount,
    (coalesce(gross_amount, 0) - coalesce(returned_amount, 0))::decimal(18, 2) as net_amount,
    coalesce(purchase_amount, 0)::decimal(18, 2) as purchase_amount,
    coalesce(customer_returned_amount, 0)::decimal(18, 2) as customer_returned_amount,
from sold
full join given_back using (month_on);

-- One row a customer who bought by then: days since the last purchase, distinct purchase days, purchases less returns.
create or replace macro raw_rfm(as_of) as table
with
bought as (
    select
        customer,
        min(ordered_on) as first_purchase_on,
        max(ordered_on) as last_purchase_on,
        count(distinct ordered_on) as purchase_days,
        count(*) as n_orders,
        sum(gross_amount) as purchase_amount,
    from raw_orders(as_of)
    where is_purchase
    group by customer
),
given_back as (
    select customer, sum(amount) as returned_amount
    from raw_returns(as_of)
    group by customer
)
select
    customer,
    first_purchase_on,
    last_purchase_on,
    as_of::date - last_purchase_on as recency_days,
    purchase_days,
    n_orders,
    purchase_amount::decimal(18, 2) as purchase_amount,
    coalesce(returned_amount, 0)::decimal(18, 2) as returned_amount,
    (purchase_amount - coalesce(returned_amount, 0))::decimal(18, 2) as net_amount,
from bought
left join given_back using (customer);

-- One row a customer and day with purchases or returns: orders, what was paid and what was given back.
create or replace macro raw_customer_days(as_of) as table
select
    customer,
    day_on,
    sum(n_orders) as n_orders,
    sum(purchase_amount)::decimal(18, 2) as purchase_amount,
    sum(returned_amount)::decimal(18, 2) as returned_amount,
from (
    select customer, ordered_on as day_on, 1 as n_orders, gross_amount as purchase_amount, 0 as returned_amount
    from raw_orders(as_of) where is_purchase
    union all
    select customer, day_on, 0, 0, amount from raw_returns(as_of) where customer is not null
)
group by all;

-- One row a customer and month, quarter or year (part), with the part of the first purchase, empty before it.
create or replace macro raw_customer_parts(as_of, part) as table
select
    customer,
    date_trunc(part, day_on)::date as period_on,
    case when date_trunc(part, day_on) >= date_trunc(part, first_on) then date_trunc(part, first_on)::date end as cohort_on,
    sum(n_orders) as n_orders,
    sum(purchase_amount) as purchase_amount,
    sum(purchase_amount - returned_amount) as net_amount,
from (select *, min(day_on) filter (n_orders > 0) over (partition by customer) as first_on from raw_customer_days(as_of))
group by all;
