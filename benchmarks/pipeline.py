"""The cost of the whole pipeline compared with a floor and a peer, on the same generated shop.

The floor is bare DuckDB SQL from the raw order files to one RFM row per customer; the peer is pandas and lifetimes'
`summary_data_from_transaction_data` on the same files. Neither lands, checks, versions, converts or publishes anything:
the ratios say what that costs. A timing is measured here and never asserted in a test.

    python benchmarks/pipeline.py --customers 2000 --days 365
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.sample import write_sample

LOYALTY = Path(sys.executable).with_name("loyalty")

FLOOR = """
with
latest as (
    from read_csv(?, auto_detect = false, skip = 1, header = true, delim = ',', quote = '"', columns = {columns})
    qualify row_number() over (partition by "Order" order by Changed desc) = 1
),
bought as (
    select Customer as customer, Placed[:10]::date as day_on, Gross::decimal(18, 2) - Discount::decimal(18, 2) as net,
    from latest
    where Customer is not null and Test = 'no' and Status <> 'Cancelled'
)
select
    customer,
    max(max(day_on)) over () - max(day_on) as recency_days,
    count(distinct day_on) as purchase_days,
    sum(net) as net_amount,
from bought
where net > 0
group by customer
"""


def pipeline(sample: Path) -> int:
    """`loyalty run` as a user calls it, in an empty home; returns the number of scored customers."""
    done = subprocess.run(
        [LOYALTY, "run", "--config", sample / "loyalty.yml"], cwd=sample, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"loyalty run ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    table = sample / "published" / "current" / "marts" / "customer_rfm" / "*.parquet"
    return duckdb.connect().read_parquet(str(table)).shape[0]


def floor(sample: Path) -> int:
    """Raw order files to RFM in one SQL statement; returns the number of customers."""
    files = sample / "inbox" / "orders_*.csv"
    header = min(files.parent.glob(files.name)).read_text(encoding="utf-8").splitlines()[1]
    columns = str(dict.fromkeys(header.split(","), "varchar"))  # given, so that DuckDB need not sniff every small file
    with duckdb.connect() as con:
        return len(con.execute(FLOOR.replace("{columns}", columns), [str(files)]).fetchall())


def peer(sample: Path) -> int | None:
    """Raw order files to the summary of lifetimes; the number of customers, or None if lifetimes is not installed."""
    try:
        from lifetimes.utils import summary_data_from_transaction_data  # type: ignore[import-untyped]  # has no types
    except ImportError:
        return None
    files = sorted((sample / "inbox").glob("orders_*.csv"))
    orders = pd.concat(pd.read_csv(file, skiprows=1, dtype=str) for file in files)
    orders = orders.sort_values("Changed").drop_duplicates("Order", keep="last")
    orders["net"] = orders["Gross"].astype(float) - orders["Discount"].astype(float)
    orders["day"] = pd.to_datetime(orders["Placed"]).dt.normalize()
    known = orders["Customer"].notna() & (orders["Test"] == "no") & (orders["Status"] != "Cancelled")
    bought = orders[known & (orders["net"] > 0)]
    return len(summary_data_from_transaction_data(bought, "Customer", "day", "net", freq="D"))


def timed(work: Callable[[Path], int | None], sample: Path, repeats: int) -> tuple[float, int | None]:
    """The seconds of the fastest run, and the result of the last run."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = work(sample)
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def main() -> None:
    """Print one line per contestant: seconds, customers, ratio to the floor."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--customers", type=int, default=2000)
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as folder:
        sample = Path(folder)
        written = write_sample(sample, customers=chosen.customers, days=chosen.days, seed=chosen.seed, dirty=0.0)
        print(f"{written.files} files, {sum(written.rows.values()):,} records, {written.rows['orders']:,} order rows")  # noqa: T201
        base, customers = timed(floor, sample, 3)
        measured = [
            ("bare DuckDB SQL", base, customers),
            ("pandas + lifetimes", *timed(peer, sample, 3)),
            ("first loyalty run", *timed(pipeline, sample, 1)),
            ("same run, no new file", *timed(pipeline, sample, 1)),
        ]
    for name, seconds, found in measured:
        if found is None:
            print(f"{name:24} not installed")  # noqa: T201
        else:
            print(f"{name:24} {seconds:9.2f} s  {found:9,} customers  {seconds / base:8.1f} x the floor")  # noqa: T201


if __name__ == "__main__":
    main()
