-- The statements of value_scale.py, equivalent to the project's models. {orders} is the folder of the orders.

-- name: summary
-- int_customer_day (without returns, discounts, lines and month counts) and int_customer_summary (without decay, gaps
-- and categories) on one day
create table summary as
with days as (
    select
        customer_key,
        ordered_on as day_on,
        sum(net_amount)::decimal(18, 2) as net_amount
    from read_parquet('{orders}/*/*.parquet')
    group by customer_key, ordered_on
),

summed as (
    select
        customer_key,
        count(*) - 1 as n_repeat_days,
        min(day_on) as first_on,
        max(day_on) as last_on,
        sum(net_amount) as net_amount,
        sum(net_amount) - min_by(net_amount, day_on) as repeat_amount
    from days
    group by customer_key
)

select
    customer_key,
    n_repeat_days::integer as n_repeat_days,
    (last_on - first_on)::integer as recency_days,
    (date '2025-12-31' - first_on)::integer as age_days,
    net_amount::decimal(18, 2) as net_amount,
    coalesce(round(repeat_amount / nullif(n_repeat_days, 0), 2), 0)::decimal(18, 2) as mean_repeat_amount
from summed;

-- name: cells
create table purchase_cell as
select
    n_repeat_days,
    recency_days,
    age_days,
    count(*) as n_customers
from summary
group by all;

-- name: sample
-- int_fit_sample: keys are hashes, so the keys up to a bucket are always the same random sample
create temp table sampled as
with buckets as (
    select
        substr(customer_key, 1, 3) as bucket,
        count(*) as n_customers
    from summary
    group by bucket
),

cumulated as (
    select
        bucket,
        sum(n_customers) over (order by bucket) as n_through
    from buckets
),

chosen as (
    select coalesce(max(case when n_through <= {fit_customers} then bucket end), min(bucket)) as last_bucket
    from cumulated
)

select summary.*
from summary
inner join chosen on substr(summary.customer_key, 1, 3) <= chosen.last_bucket;

-- name: sample_purchase_cell
select
    n_repeat_days,
    recency_days,
    age_days,
    count(*) as n_customers
from sampled
group by all

-- name: sample_spend_cell
select
    n_repeat_days,
    mean_repeat_amount::double as mean_repeat_amount,
    count(*) as n_customers
from sampled
where n_repeat_days > 0
group by all

-- name: all_spend_cell
select
    n_repeat_days,
    mean_repeat_amount::double as mean_repeat_amount,
    count(*) as n_customers
from summary
where n_repeat_days > 0
group by all

-- name: write
-- int_customer_forecast and int_customer_value (without margins and discounting): expected spend per customer
copy (
    with spending as (
        select
            summary.*,
            (
                $p * ($gamma + n_repeat_days * mean_repeat_amount::double) / ($p * n_repeat_days + $q - 1)
            )::decimal(18, 2) as expected_spend_amount
        from summary
    )

    select
        spending.*,
        scores.p_alive,
        scores.expected_purchases_12m,
        scores.p_any_purchase_12m,
        (scores.expected_purchases_12m * spending.expected_spend_amount)::decimal(18, 2) as expected_value_12m_amount
    from spending
    inner join read_parquet('{purchase_scores}') as scores
        using (n_repeat_days, recency_days, age_days)
    order by customer_key
) to '{values}' (format parquet, compression zstd);

-- name: days
-- A table, like int_customer_day: a single statement that finds the days and groups them twice needs too much memory.
create table purchase_days as
select distinct
    customer_key,
    ordered_on as day_on
from read_parquet('{orders}/*/*.parquet');

-- name: holdout
-- int_holdout_cell: the last quarter of the observed time, and the same window a year earlier
create table holdout_cell as
with windows as (
    select
        'holdout' as window_name,
        date '2025-12-31' - 274 as cut_on,
        date '2025-12-31' as window_ends_on
    union all
    select
        'last_year' as window_name,
        date '2025-12-31' - 274 - 365 as cut_on,
        date '2025-12-31' - 365 as window_ends_on
),

customers as (
    select
        windows.window_name,
        windows.cut_on,
        days.customer_key,
        min(days.day_on) as first_on,
        max(case when days.day_on <= windows.cut_on then days.day_on end) as last_on,
        sum(case when days.day_on <= windows.cut_on then 1 else 0 end) as n_known_days,
        sum(case when days.day_on > windows.cut_on then 1 else 0 end) as n_holdout_days
    from purchase_days as days
    inner join windows on days.day_on <= windows.window_ends_on
    group by windows.window_name, windows.cut_on, days.customer_key
)

select
    window_name,
    (n_known_days - 1)::integer as n_repeat_days,
    (last_on - first_on)::integer as recency_days,
    (cut_on - first_on)::integer as age_days,
    n_holdout_days::integer as n_holdout_days,
    count(*) as n_customers
from customers
where n_known_days > 0
group by all;
