"""Programs that the tests of publication run in processes of their own. No test stands here.

publication_child.py publish WAREHOUSE PUBLISHED FIRST COUNT    publish COUNT times, each with its own content
publication_child.py read PUBLISHED SECONDS                     resolve, read and compare, again and again
"""

import itertools
import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from pipelines.publication import MartTable, Retention, publish, resolve_current

TABLES = (MartTable("dim_customer", ("k",)), MartTable("fct_order", ("k",)), MartTable("rpt_total", ("edition",)))


def fill(warehouse: Path, edition: int) -> None:
    """Three marts that all carry the number of their edition, and differ in size from one to the next."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        for name, rows in (("dim_customer", 2_000), ("fct_order", 20_000), ("rpt_total", 1)):
            connection.execute(
                f"""
                create or replace table marts.{name} as
                    select {edition} as edition, i as k, md5((i * {edition})::varchar) as word,
                    from range({rows + (edition % 7 if rows > 1 else 0)}) as r (i)
                """
            )


def publish_many(warehouse: Path, published: Path, first: int, count: int) -> None:
    for edition in itertools.islice(itertools.count(first), count):
        fill(warehouse, edition)
        version = publish(
            warehouse,
            published,
            as_of=date(2026, 1, 1) + timedelta(days=edition),
            run_id=f"run{edition}",
            tables=TABLES,
            inputs={"edition": edition},
            retention=Retention(days=3, grace_minutes=1),
            threads=1,
        )
        sys.stdout.write(f"{version.id}\n")
        sys.stdout.flush()


def read_many(published: Path, seconds: float) -> None:
    """What a reader sees who resolves once and then joins marts from both kinds of file."""
    until = time.monotonic() + seconds
    seen: list[int] = []
    while time.monotonic() < until:
        version = resolve_current(published)
        with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
            found = connection.execute(
                """
                select distinct edition from dim_customer
                union select distinct edition from fct_order
                union select distinct edition from read_parquet(?)
                union select distinct edition from read_parquet(?)
                """,
                [
                    str(version / "marts" / "rpt_total" / "*.parquet"),
                    str(version / "marts" / "fct_order" / "*.parquet"),
                ],
            ).fetchall()
        told = json.loads((version / "manifest.json").read_text())["inputs"]["edition"]
        if found != [(told,)]:
            raise SystemExit(f"{version.name} mixes {found}, its manifest says {told}")
        seen.append(told)
    sys.stdout.write(f"{json.dumps(seen)}\n")


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        publish_many(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        read_many(Path(sys.argv[2]), float(sys.argv[3]))
