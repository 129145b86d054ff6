"""The cost of writing a version to PostgreSQL: `customer_loyalty` with 10,000,000 customers and its dimensions.

The columns are those of the dbt project, the values are drawn by DuckDB's hash of the row. The version is written and
shown by the target as a run does it: rows, primary keys, foreign keys, indexes, comments, statistics, rights, swap. The
floor copies the same rows by plain ADBC into the same table without a key. A timing is measured here and never asserted
in a test.

    PYTHONPATH=. python benchmarks/postgres.py                       # 40 GB of disk, about 10 minutes
    PYTHONPATH=. python benchmarks/postgres.py --customers 100000    # quick

Needs the server (Debian: apt-get install postgresql), the driver (make setup-postgres), and ADBC for the floor (make
setup-sql).
"""

import argparse
import resource
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import yaml
from pydantic import SecretStr
from rich.console import Console
from steps import Steps

from pipelines.base import quoting
from pipelines.config.publish import PostgresSettings
from pipelines.config.settings import project_root
from pipelines.publication import Manifest, PublishedTable, Reference, Version, parquet_options
from pipelines.publication.model import PublishedColumn, PublishedFile
from pipelines.publication.targets.postgres import Postgres
from pipelines.publication.targets.postgres_tables import create_table
from tests.targets.postgres_server import execute, query, server

MART = "customer_loyalty"
YML = project_root() / "dbt_project" / "models" / "marts" / "loyalty" / "_loyalty__models.yml"
DIMENSIONS = {"customer_key": "dim_customer", "level": "dim_level", "loyalty_class": "dim_class"}
TYPES = {"string": "varchar", "integer": "integer", "long": "bigint"}  # of dbt here; others have the name of DuckDB
RESULT = """
select (select count(*) from loyalty.customer_loyalty), sum(pg_total_relation_size(c.oid))::bigint
from pg_class as c
where c.relkind = 'r' and c.relnamespace = 'loyalty'::regnamespace
"""
VERSION = "2026-01-30_benchmark"


def drawn(column: dict[str, Any], number: int, rules: dict[str, Any]) -> str:
    """The SQL expression of a column: one of its codes, or a value of its type; a third is NULL if NULL is allowed."""
    name, kind = column["name"], column["data_type"].replace(" ", "")
    kind = TYPES.get(kind, kind)
    if name == "customer_key":
        return "md5(i::varchar) as customer_key"
    if name == "as_of_on":
        return "date '2026-01-30' as as_of_on"
    draw = f"hash(i, {number})"
    listed = (one["values"] for one in rules["accepted_values"] if name in one["columns"])
    if values := next(listed, None):
        value = f"[{', '.join(quoting.text(one) for one in values)}][1 + ({draw} % {len(values)})::bigint]"
    elif kind.startswith("decimal"):
        precision, scale = (int(part) for part in kind[8:-1].split(","))
        value = f"({draw} % {10 ** min(precision, scale + 2)})::bigint / {10**scale}"
    else:
        value = {
            "varchar": f"'P' || ({draw} % 5000)",
            "boolean": f"{draw} % 3 = 0",
            "date": f"date '2023-01-01' + ({draw} % 1000)::integer",
        }.get(kind, f"{draw} % 1000")
    value = f"({value})::{kind}"
    if name not in rules["not_null"]:
        value = f"case when hash(i, {number}, 1) % 3 > 0 then {value} end"
    return f"{value} as {quoting.name(name)}"


def write_version(folder: Path, customers: int) -> Version:
    """Write the Parquet files of a version, and the manifest that the target needs."""
    models = yaml.safe_load(YML.read_text(encoding="utf-8"))["models"]
    model = next(one for one in models if one["name"] == MART)
    rules = next(test["rules"]["arguments"] for test in model["data_tests"] if "rules" in test)
    drawn_columns = ", ".join(drawn(column, number, rules) for number, column in enumerate(model["columns"]))
    tables = []
    with duckdb.connect(folder / "drawn.duckdb", config={"memory_limit": "6GB"}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"create table {MART} as select {drawn_columns} from range({customers}) as r (i)")  # noqa: S608 (names are quoted)
        references = tuple(Reference(column=c, mart=mart, to_column=c) for c, mart in DIMENSIONS.items())
        keys = {mart: (column,) for column, mart in DIMENSIONS.items()} | {MART: ("customer_key", "as_of_on")}
        about = {column["name"]: column["description"] for column in model["columns"]}
        for mart, key in keys.items():
            path = Path("marts") / mart / "part-0.parquet"
            (folder / path).parent.mkdir(parents=True)
            rows = f"from {MART}" if mart == MART else f"from (select {key[0]} from {MART} group by all)"  # noqa: S608
            target = quoting.text(str(folder / path))
            connection.execute(f"copy ({rows} order by {', '.join(key)}) to {target} ({parquet_options(None)})")
            count = pq.read_metadata(folder / path).num_rows
            described = connection.execute(f"describe from read_parquet({target})").fetchall()
            tables.append(
                PublishedTable(
                    name=mart,
                    description=model["description"],
                    key=key,
                    rows=count,
                    columns=tuple(PublishedColumn(name=n, type=t, description=about[n]) for n, t, *_ in described),
                    references=references if mart == MART else (),
                    files=(PublishedFile(path=str(path), bytes=(folder / path).stat().st_size, sha256=""),),
                )
            )
    (folder / "drawn.duckdb").unlink()
    manifest = Manifest(
        version=VERSION,
        sequence=1,
        as_of=date(2026, 1, 30),
        run_id="benchmark",
        published_at=datetime.now(UTC),
        inputs={},
        versions={},
        tables=tuple(tables),
        database=PublishedFile(path="none", bytes=0, sha256=""),
    )
    return Version(VERSION, folder, manifest.as_of, True, manifest)


def copy_plainly(uri: str, version: Version) -> None:
    """The floor: the rows of all tables by ADBC, in one transaction, with nothing else."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise SystemExit("The floor needs ADBC: call make setup-sql, or leave it out with --target-only.") from None
    assert version.manifest is not None
    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("create schema floor")
        for table in version.manifest.tables:
            rows = ds.dataset(version.path / table.files[0].path)
            cursor.execute(create_table("floor", table, rows.schema))
            reader = rows.scanner(batch_size=65_536).to_reader()
            cursor.adbc_ingest(table.name, reader, mode="append", db_schema_name="floor")
        connection.commit()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--target-only", action="store_true", help="leave out the floor")
    asked = parser.parse_args()
    steps = Steps()
    with tempfile.TemporaryDirectory() as folder, server(settings=()) as uri:
        with ProcessPoolExecutor(1, get_context("spawn")) as drawing:  # its memory is not that of the target
            version = drawing.submit(write_version, Path(folder), asked.customers).result()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert version.manifest is not None
        size = sum(file.bytes for table in version.manifest.tables for file in table.files) / 1e9
        if not asked.target_only:
            with steps.step("floor: plain ADBC, no keys"):
                copy_plainly(uri, version)
            execute(uri, "drop schema floor cascade", "checkpoint")
        target = Postgres(PostgresSettings(), SecretStr(uri))
        with steps.step("target: add"):
            target.add(version)
            steps.note = f"{size:.2f} GB of Parquet"
        with steps.step("target: show"):
            target.show(version.id)
        ((rows, stored),) = query(uri, RESULT)
        Console().print(steps.table(f"{rows:,} rows, {stored / 1e9:.2f} GB in PostgreSQL with indexes"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)  # the server and the sessions that have ended
    server_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    Console().print(f"server, all steps: {server_seconds:.1f} processor s")


if __name__ == "__main__":
    main()
