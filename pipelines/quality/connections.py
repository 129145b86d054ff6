"""The DuckDB connections of gates, each open until the end of its block, and the relations that a gate reads."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import GateError


@contextmanager
def open_landing(landing: Path, packed: Mapping[str, str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB with a view for every entity below `landing` (`<entity>/source=…/batch=…/*.parquet`).

    Data sets that landing has indexed are read from `index/<name>.parquet`. `source` and `batch` are text columns.
    DuckDB spills to the system's temporary folder.

    Args:
        landing: The folder.
        packed: SQL of the rows of entities that landing has copied to fewer files.
    """
    with tempfile.TemporaryDirectory(prefix="loyalty-gate-") as spill, connect(spill=Path(spill)) as connection:
        for folder in sorted(path for path in landing.iterdir() if path.is_dir()) if landing.is_dir() else ():
            if rows := (packed or {}).get(folder.name):
                connection.execute(f"create view {quoting.name(folder.name)} as {rows}")
            elif (index := landing / "index" / f"{folder.name}.parquet").is_file():
                files = f"read_parquet({quoting.files(index)}, hive_partitioning = false)"
                connection.execute(f"create view {quoting.name(folder.name)} as select * from {files}")  # noqa: S608
            elif next(folder.glob("*/*/*.parquet"), None) is not None:
                parts = quoting.files(folder, "*/*/*.parquet")
                files = f"read_parquet({parts}, hive_types_autocast = false, union_by_name = true)"
                connection.execute(f"create view {quoting.name(folder.name)} as select * from {files}")  # noqa: S608
        yield connection


@contextmanager
def open_warehouse(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only.

    Raises:
        GateError: It does not exist, or another process has it open for writing.
    """
    if not warehouse.is_file():
        raise GateError(
            f"there is no warehouse at {warehouse}, so its tables cannot be checked", hint="Run `loyalty run` first."
        )
    try:
        connection = connect(warehouse, read_only=True)
    except duckdb.Error as error:
        raise GateError(
            f"the warehouse {warehouse} cannot be opened for reading: {error}",
            hint="Another run may still be writing to it (see `loyalty status`). Wait until it ends, then run again.",
        ) from error
    with connection:
        yield connection


@contextmanager
def attach_previous(connection: duckdb.DuckDBPyConnection, marts: Path | None) -> Iterator[Mapping[str, str]]:
    """Make published marts readable as `previous.<mart>`, until the end of the block.

    Args:
        connection: From `open_warehouse`.
        marts: The folder of a version with `<mart>/*.parquet`; None for no version.

    Yields:
        For each mart, the SQL relation that `previous.<mart>` reads; it can be used on any connection.
    """
    found = {
        folder.name: f"read_parquet({quoting.files(folder, '*.parquet')}, hive_partitioning = false)"
        for folder in (sorted(marts.iterdir()) if marts and marts.is_dir() else ())
        if next(folder.glob("*.parquet"), None) is not None
    }
    connection.execute("attach ':memory:' as previous (read_write)")  # no view can be created in a read-only file
    try:
        for mart, relation in found.items():
            connection.execute(f"create view previous.{quoting.name(mart)} as select * from {relation}")  # noqa: S608 (quoted)
        yield found
    finally:
        connection.execute("detach previous")


def locate(connection: duckdb.DuckDBPyConnection, dataset: str, schemas: Sequence[str]) -> tuple[str, int]:
    """The SQL relation of a dataset, which can be used on any connection, and the number of its rows.

    Args:
        connection: From `open_landing` or `open_warehouse`.
        dataset: A table or view.
        schemas: Where to look for it, in this order; empty for a landed entity.

    Raises:
        duckdb.CatalogException: It is in none of the schemas.
    """
    found = dict(
        connection.execute(
            "select schema_name, null from duckdb_tables() where table_name = $name"
            " and database_name = current_database()"
            " union all select schema_name, sql from duckdb_views() where view_name = $name"
            " and database_name = current_database()",
            {"name": dataset},
        ).fetchall()
    )
    present = next((schema for schema in schemas or ("main",) if schema in found), None)
    if present is None:
        raise duckdb.CatalogException(f"there is no table {dataset} in {', '.join(schemas) or 'the landed files'}")
    relation = f"{quoting.name(present)}.{quoting.name(dataset)}"
    if not schemas and found[present]:
        # a view of `open_landing` ends with its connection: give the files that it reads
        relation = f"({found[present].partition(' AS ')[2].rstrip(';')})"
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()  # noqa: S608 (names are quoted)
    return relation, int(rows)


def schema_path(schemas: Sequence[str]) -> str:
    """The schemas as a value for DuckDB's `search_path`."""
    return quoting.text(",".join(quoting.name(schema) for schema in schemas))
