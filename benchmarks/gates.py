"""The cost of a gate: ten expectations by Great Expectations inside DuckDB, compared with the same ten in plain SQL.

    python benchmarks/gates.py [--rows 5000000] [--threads 2] [--repeat 3]

Prints the median of the repeats, wall seconds and, in brackets, processor seconds (the ones to read on a busy machine),
and the ratios. Importing Great Expectations is measured separately, because it happens once per run.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.quality import open_warehouse, run_gate
from pipelines.quality.suites import load_suite

SUITE = """
dataset: orders
owner: data engineering
description: Ten expectations of the kinds that the suites use.
expectations:
  - {expect: expect_table_row_count_to_be_between, min_value: 1, why: benchmark}
  - {expect: expect_column_values_to_not_be_null, column: order_id, why: benchmark}
  - {expect: expect_column_values_to_not_be_null, column: customer_ref, mostly: 0.7, why: benchmark}
  - {expect: expect_column_values_to_be_unique, column: order_id, why: benchmark}
  - {expect: expect_column_values_to_be_between, column: gross, min_value: 0, max_value: 1000000, why: benchmark}
  - {expect: expect_column_values_to_be_between, column: event_on, min_value: "1990-01-01", why: benchmark}
  - {expect: expect_column_values_to_be_in_set, column: status, value_set: [paid, open, cancelled], why: benchmark}
  - {expect: expect_column_max_to_be_between, column: gross, max_value: 1000000, why: benchmark}
  - {expect: expect_column_mean_to_be_between, column: gross, min_value: 1, why: benchmark}
  - unexpected_rows: >
      select source from {batch} group by source having count(*) filter (where status = 'cancelled') > 0.5 * count(*)
    name: few_orders_are_cancelled_or_tests
    why: benchmark
"""

BY_HAND = (
    "select count(*) from staging.orders",
    "select count(*) from staging.orders where order_id is null",
    "select count(*) filter (where customer_ref is null) / count(*) from staging.orders",
    "select count(*) from (select order_id from staging.orders group by order_id having count(*) > 1)",
    "select count(*) from staging.orders where not (gross between 0 and 1000000)",
    "select count(*) from staging.orders where not (event_on >= date '1990-01-01')",
    "select count(*) from staging.orders where status not in ('paid', 'open', 'cancelled')",
    "select max(gross) from staging.orders",
    "select sum(gross) / count(gross) from staging.orders",
    "select count(*) from (select source from staging.orders group by source"
    " having count(*) filter (where status = 'cancelled') > 0.5 * count(*))",
)


def main() -> None:
    """Build the table, time both ways, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeat", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="loyalty-benchmark-") as name:
        folder = Path(name)
        (folder / "orders.yml").write_text(SUITE, encoding="utf-8")
        suite = load_suite(folder / "orders.yml")
        _build(folder / "warehouse.duckdb", given.rows)
        with open_warehouse(folder / "warehouse.duckdb") as connection:
            first = run_gate("staging", [suite], connection, schemas=["staging"])
            if first.failures or first.warnings:
                raise SystemExit(f"the suite has failures: {[result.summary for result in first.failures]}")
            pushed = _timed(lambda: run_gate("staging", [suite], connection, schemas=["staging"]), given.repeat)
            by_hand = _timed(lambda: [connection.execute(query).fetchall() for query in BY_HAND], given.repeat)
    lines = (
        f"rows {given.rows:,}, threads {given.threads}, median of {given.repeat}: wall (processor)",
        f"importing Great Expectations   {first.import_seconds:8.2f} s (once a run)",
        f"ten expectations by GX         {pushed[0]:8.2f} s ({pushed[1]:.2f})",
        f"the same as ten queries        {by_hand[0]:8.2f} s ({by_hand[1]:.2f})",
        f"ratio                          {pushed[0] / by_hand[0]:8.2f}   ({pushed[1] / by_hand[1]:.2f})",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _build(warehouse: Path, rows: int) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema staging")
        connection.execute(
            """
            create table staging.orders as
                select
                    'source ' || i % 3 as source,
                    'order-' || i as order_id,
                    case when i % 5 > 0 then 'customer-' || hash(i) % 500000 end as customer_ref,
                    date '2020-01-01' + (i % 2000)::integer as event_on,
                    (hash(i) % 100000 / 100)::decimal(18, 2) as gross,
                    ['paid', 'paid', 'open', 'cancelled'][1 + i % 4] as status,
                from range(?) as r (i)
            """,
            [rows],
        )


def _timed(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Median wall and processor seconds."""
    wall, processor = [], []
    for _ in range(repeat):
        start, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return statistics.median(wall), statistics.median(processor)


if __name__ == "__main__":
    main()
