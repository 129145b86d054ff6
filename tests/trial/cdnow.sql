-- What CDNOW's log says, in plain SQL over the raw file: the trial compares the marts with this.
-- Nothing of the project is used here. The file's path comes as the variable `log`.
-- Each macro takes the as-of day.

create or replace table raw_transaction as
with log as (
    select regexp_extract_all(line, '[0-9.]+') as field
    from read_csv(getvariable('log'), columns = {'line': 'varchar'}, delim = '|', header = false)
)
select
    field[2] as customer,
    strptime(field[3], '%Y%m%d')::date as day_on,
    field[4]::integer as cds,
    field[5]::decimal(18, 2) as amount,
from log;

-- One row a customer and day: what was bought on it is one order; a purchase if it was not for nothing.
create or replace macro raw_orders(as_of) as table
select
    customer || '-' || strftime(day_on, '%Y%m%d') as order_id,
    customer,
    day_on,
    count(*) as n_lines,
    sum(cds) as quantity,
    sum(amount)::decimal(18, 2) as amount,
    sum(amount) > 0 as is_purchase,
from raw_transaction
where day_on <= as_of
group by all;

create or replace macro raw_rfm(as_of) as table
select
    customer,
    min(as_of::date - day_on)::integer as recency_days,
    count(*)::integer as purchase_days,
    sum(amount)::decimal(18, 2) as amount,
from raw_orders(as_of)
where is_purchase
group by all;
