"""Orders of customers with different habits as Parquet, drawn by DuckDB from a fixed seed.

Here: the orders that value_scale.py reads. Not here: anything timed.

    python benchmarks/orders.py FOLDER [--customers 10000000] [--orders 100000000] [--seed 1]

Every draw is a hash of the seed, the customer's number and the order's, so that the same options give the same orders
on any number of threads. One folder a month, as orders arrive: a customer's orders are spread over the files.
"""

import argparse
import sys
from pathlib import Path

import duckdb

FIRST_ON = "2023-01-01"
OBSERVED_DAYS = 1096  # to 2025-12-31

# Three habits: rarely, sometimes, often. A customer buys at a gamma rate (shape 1, 1 and 2) and leaves after an
# exponential time. The number of repeats in that time is then geometric, or the sum of two geometric numbers.
_CUSTOMERS = """
create temp table drawn as
with numbered as (
    select
        i,
        u(hash($seed, i, 0)) as habit,
        floor(u(hash($seed, i, 1)) * $observed_days) as first_day,
        -ln(u(hash($seed, i, 2))) as life,
        case when habit < 0.35 then 0.05 when habit < 0.85 then 1.0 else 4.0 end as rate,
        case when habit < 0.35 then 200.0 when habit < 0.85 then 400.0 else 900.0 end as mean_life,
        case when habit < 0.85 then 1 else 2 end as shape
    from range($customers) as numbers (i)
)
select
    i,
    first_day::integer as first_day,
    least($observed_days - 1 - first_day, life * mean_life) as active_days,
    rate * active_days as per_draw,
    shape
from numbered
"""

_ORDERS = """
copy (
    with
    counted as (
        select
            i,
            first_day,
            active_days,
            per_draw * ($orders - $customers) / whole as mean_repeats,
            repeats(mean_repeats, u(hash($seed, i, 3)))
            + case when shape = 2 then repeats(mean_repeats, u(hash($seed, i, 4))) else 0 end as n_repeats,
            exp(3 + 0.8 * sqrt(-2 * ln(u(hash($seed, i, 5)))) * cos(2 * pi() * u(hash($seed, i, 6)))) as mean_amount
        from drawn
        cross join (select sum(per_draw * shape) as whole from drawn)
    ),
    placed as (
        select
            i,
            mean_amount,
            unnest(range(n_repeats + 1)) as number,
            first_day + case when number = 0 then 0 else floor(u(hash($seed, i, number, 7)) * active_days) end as day
        from counted
    )
    select
        md5($seed || '/' || i) as customer_key,
        date '{first_on}' + day::integer as ordered_on,
        greatest(
            0.01, -ln(u(hash($seed, i, number, 8)) * u(hash($seed, i, number, 9))) / 2 * mean_amount
        )::decimal(18, 2) as net_amount,
        date_trunc('month', ordered_on)::date as month
    from placed
) to '{folder}' (format parquet, partition_by (month), compression zstd)
"""


def write_orders(folder: Path, customers: int, orders: int, seed: int) -> None:
    """Write `<folder>/month=…/*.parquet` with about `orders` orders of exactly `customers` customers."""
    options = {"seed": seed, "customers": customers, "observed_days": OBSERVED_DAYS}
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB", "temp_directory": str(folder / "temp")}) as con:
        con.execute("set preserve_insertion_order = false")
        con.execute("set partitioned_write_flush_threshold = 100000")
        # hash() of several values only mixes them by xor; with a second hash the draws of a customer are independent
        con.execute("create macro u(mixed) as (hash(mixed) + 0.5) / 18446744073709551616.0")
        con.execute("create macro repeats(mean, u) as if(mean > 0, floor(ln(u) / ln(mean / (1 + mean))), 0)::bigint")
        con.execute(_CUSTOMERS, options)
        query = _ORDERS.format(first_on=FIRST_ON, folder=folder / "orders")
        con.execute(query, {"seed": seed, "customers": customers, "orders": orders})


def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--orders", type=int, default=100_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.orders < options.customers:
        sys.exit("every customer has an order at least: --orders must not be below --customers")
    options.folder.mkdir(parents=True, exist_ok=True)
    write_orders(options.folder, options.customers, options.orders, options.seed)


if __name__ == "__main__":
    main()
