"""Programs that the tests of publication run in processes of their own. No test stands here.

publication_child.py publish WAREHOUSE PUBLISHED FIRST COUNT GRACE   publish COUNT times, each with its own content
publication_child.py read KIND PUBLISHED STOP                        read and compare until the file STOP is there
"""

import itertools
import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.publication import MartTable, Retention, publish, resolve_current
from pipelines.reading import open_version

TABLES = (MartTable("dim_customer", ("k",)), MartTable("fct_order", ("k",)), MartTable("rpt_total", ("edition",)))
KEPT_DAYS = 3


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


def publish_many(warehouse: Path, published: Path, first: int, count: int, grace_seconds: float = 60) -> None:
    """Publish editions `first` and on, one as-of day each, keeping three days; each version's id is printed."""
    for edition in itertools.islice(itertools.count(first), count):
        fill(warehouse, edition)
        version = publish(
            warehouse,
            published,
            as_of=date(2026, 1, 1) + timedelta(days=edition),
            run_id=f"run{edition}",
            tables=TABLES,
            inputs={"edition": edition},
            retention=Retention(days=KEPT_DAYS, grace_minutes=grace_seconds / 60),
        )
        sys.stdout.write(f"{version.id}\n")
        sys.stdout.flush()


def _marts(version: Path, name: str) -> str:
    return str(version / "marts" / name / "*.parquet")


def _duckdb_on_parquet(version: Path) -> set[int]:
    with duckdb.connect() as connection:
        query = " union ".join(f"select edition from read_parquet('{_marts(version, t.name)}')" for t in TABLES)
        return {edition for (edition,) in connection.execute(query).fetchall()}


def _pyarrow(version: Path) -> set[int]:
    columns = [pq.read_table(version / "marts" / table.name)["edition"] for table in TABLES]
    return {edition for column in columns for edition in column.unique().to_pylist()}


def _published_database(version: Path) -> set[int]:
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        query = " union ".join(f"select edition from {table.name}" for table in TABLES)
        return {edition for (edition,) in connection.execute(query).fetchall()}


def _join(version: Path) -> set[int]:
    """Three marts joined by a reader who mixes the database with Parquet."""
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        found = connection.execute(
            f"""
            select distinct orders.edition, customers.edition, total.edition
            from fct_order as orders
            inner join read_parquet('{_marts(version, "dim_customer")}') as customers using (k)
            cross join read_parquet('{_marts(version, "rpt_total")}') as total
            """
        ).fetchall()
    return {edition for row in found for edition in row}


READERS: dict[str, Callable[[Path], set[int]]] = {
    "duckdb": _duckdb_on_parquet,
    "pyarrow": _pyarrow,
    "database": _published_database,
    "join": _join,
}


HOLDS = "open_version"  # the reader that holds its version against retention


def _held(published: Path) -> tuple[str, int, set[int]]:
    """The version that `open_version` opens, the edition that its manifest tells, and those that its marts have."""
    with open_version(published.parent) as version:
        frames = [version.read(table.name, columns=["edition"]) for table in TABLES]
        told = version.manifest.inputs["edition"]
        assert isinstance(told, int)
        return version.id, told, {edition for frame in frames for edition in frame["edition"].unique()}


def read_once(kind: str, published: Path) -> int:
    """The edition that a reader sees who resolves once and reads below what it resolved to.

    Raises:
        SystemExit: It sees two, or another one than the manifest says.
    """
    if kind == HOLDS:
        name, told, found = _held(published)
        if found != {told}:
            raise SystemExit(f"{name} read by {kind} mixes {found}, its manifest says {told}")
        return told
    version = resolve_current(published)
    found = READERS[kind](version)
    told = int(json.loads((version / "manifest.json").read_text())["inputs"]["edition"])
    if found != {told}:
        raise SystemExit(f"{version.name} read by {kind} mixes {found}, its manifest says {told}")
    return told


def read_until(kind: str, published: Path, stop: Path) -> None:
    """Read again and again; a first line says that it reads, a second one which editions it saw, as JSON."""
    seen = [read_once(kind, published)]
    sys.stdout.write("reading\n")
    sys.stdout.flush()
    while not stop.exists():
        seen.append(read_once(kind, published))
    sys.stdout.write(f"{json.dumps(seen)}\n")


if __name__ == "__main__":
    command, *given = sys.argv[1:]
    if command == "publish":
        publish_many(Path(given[0]), Path(given[1]), int(given[2]), int(given[3]), float(given[4]))
    else:
        read_until(given[0], Path(given[1]), Path(given[2]))
