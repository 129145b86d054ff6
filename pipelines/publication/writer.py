"""Copies marts from the warehouse to sorted Parquet files and to one DuckDB file that old drivers can open.

The bytes of the Parquet files depend only on the rows, the currency and the time zone: the rows are sorted by a unique
key (other marts are rejected), there is one file per table, row groups have a fixed number of rows, and there is one
codec. Neither the number of threads nor the order or history of rows in the warehouse changes the bytes. The caller
decides what to publish and where, moves the pointer and writes the manifest.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sha256_of
from pipelines.base.errors import PublicationError
from pipelines.base.text import counted
from pipelines.publication.files import make_folder, write_text
from pipelines.publication.model import (
    DATABASE,
    REPORT,
    MakeReport,
    Manifest,
    MartTable,
    PublishedColumn,
    PublishedFile,
    PublishedTable,
    Reporting,
)

Progress = Callable[[str, int, int], None]

ROW_GROUP_ROWS = 122_880
STORAGE = "v1.0.0"  # every 1.x driver can read this storage version, but not the default of DuckDB 2.0
_REBUILD = (
    "Call `loyalty run` to build the marts again. If it fails again, the key in the model's yml is not its grain."
)


def attach_warehouse(warehouse: Path, *, spill: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the warehouse attached read-only, under the name of its file, as its views expect.

    Raises:
        PublicationError: The warehouse is missing, in use by a writer, or not a DuckDB file.
    """
    if not warehouse.is_file():
        raise PublicationError(f"the warehouse {warehouse} does not exist", hint="Call `loyalty run` first.")
    connection = open_writer(spill)
    try:
        connection.execute(f"attach {quoting.path(warehouse)} as {quoting.name(warehouse.stem)} (read_only)")
    except duckdb.Error as error:
        connection.close()
        raise PublicationError(
            f"the warehouse {warehouse} cannot be opened for reading: {error}",
            hint="A build may still be writing to it: wait until it ends, or look at `loyalty status`.",
        ) from error
    return connection


def open_writer(spill: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that writes the same bytes for the same rows.

    Args:
        spill: The folder for data that does not fit into memory.
    """
    connection = connect(spill=spill)
    # A table's statistics also count deleted NULLs, and DuckDB writes a column as REQUIRED if they show that it never
    # had a NULL. Without this setting, the bytes would depend on the history of the warehouse.
    connection.execute("set disabled_optimizers = 'statistics_propagation'")
    return connection


def marts_in(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> dict[str, list[tuple[str, str]]]:
    """The tables and views of a schema, each with the names and types of its columns in order."""
    rows = connection.execute(
        """
        select table_name, column_name, data_type
        from duckdb_columns()
        where database_name = ? and schema_name = ?
        order by table_name, column_index
        """,
        [catalog, schema],
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, []).append((column, kind))
    return tables


def check_tables(tables: Sequence[MartTable], found: dict[str, list[tuple[str, str]]], schema: str) -> None:
    """Check before anything is written that the marts can be published.

    Raises:
        PublicationError: There are no tables, a name is not unique or cannot be the name of a folder, or a table or a
            key column is missing.
    """
    if not tables:
        raise PublicationError("there is no mart to publish", hint="Parse the dbt project again: `make parse`.")
    names = [table.name for table in tables]
    for table in tables:
        if not (table.name.isascii() and table.name.isidentifier()):
            raise PublicationError(
                f"{table.name!r} cannot be the name of a mart", hint="Use only letters, digits and underscores."
            )
        if names.count(table.name) > 1:
            raise PublicationError(f"the mart {table.name} occurs twice", hint="Name each mart only once.")
        if table.name not in found:
            raise PublicationError(f"the mart {table.name} is not in the schema {schema}", hint=_REBUILD)
        columns = [column for column, _ in found[table.name]]
        missing = [column for column in table.key if column not in columns]
        if missing or not table.key:
            raise PublicationError(
                f"the mart {table.name} has no key column {', '.join(missing) or '(none is declared)'}",
                hint="Correct the model's `grain` in its yml.",
            )


def write_marts(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    found: dict[str, list[tuple[str, str]]],
    tables: Sequence[MartTable],
    folder: Path,
    progress: Progress | None,
    reporting: Reporting | None = None,
) -> tuple[PublishedTable, ...]:
    """Write each mart to `<folder>/marts/<table>/part-0.parquet`.

    Args:
        connection: From `open_writer` or `attach_warehouse`.
        source: The quoted catalog and schema of the marts.
        found: The columns of the schema, from `marts_in`.
        tables: The marts.
        folder: The folder of the version.
        progress: Called with (table, number done, number of all) after each mart.
        reporting: Written into the metadata of each file as `reporting_currency` and `timezone`.

    Raises:
        PublicationError: Two rows have the same key.
    """
    published = []
    options = parquet_options(reporting)
    for done, table in enumerate(sorted(tables, key=lambda table: table.name), start=1):
        relation = f"{source}.{quoting.name(table.name)}"
        key = ", ".join(quoting.name(column) for column in table.key)
        rows = _unique_rows(connection, relation, key, table)
        path = folder / "marts" / table.name / "part-0.parquet"
        make_folder(path.parent)
        order = ", ".join(f"{quoting.name(column)} asc nulls first" for column in table.key)
        connection.execute(
            f"copy (select * from {relation} order by {order}) to {quoting.path(path)}"  # noqa: S608 (names are quoted)
            f" ({options})"
        )
        columns = tuple(
            PublishedColumn(name=column, type=kind, description=table.columns.get(column, ""))
            for column, kind in found[table.name]
        )
        published.append(
            PublishedTable(
                name=table.name,
                description=table.description,
                key=table.key,
                references=table.references,
                rows=rows,
                columns=columns,
                files=(describe(path, folder),),
            )
        )
        if progress:
            progress(table.name, done, len(tables))
    return tuple(published)


def write_database(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublishedTable],
    folder: Path,
    reporting: Reporting | None = None,
) -> PublishedFile:
    """Write `<folder>/loyalty.duckdb` from the Parquet files: the same rows in the same order, with comments.

    A table's comment ends with the currency and the time zone. A column's comment names its currency.
    """
    path = folder / DATABASE
    connection.execute(f"attach {quoting.path(path)} as publication (storage_version {quoting.text(STORAGE)})")
    connection.execute("begin")  # one transaction: a thousand comments in transactions of their own take a second
    for table in tables:
        relation = f"publication.main.{quoting.name(table.name)}"
        parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
        connection.execute(
            f"create table {relation} as select * from read_parquet([{parts}], hive_partitioning = false)"  # noqa: S608
        )
        if comment := " ".join(part for part in (table.description.strip(), str(reporting or "")) if part):
            connection.execute(f"comment on table {relation} is {quoting.text(comment)}")
        for column in table.columns:
            if column.description:
                comment = reporting.named(column.description) if reporting else column.description
                connection.execute(
                    f"comment on column {relation}.{quoting.name(column.name)} is {quoting.text(comment)}"
                )
    connection.execute("commit")
    connection.execute("checkpoint publication")
    connection.execute("detach publication")
    return describe(path, folder)


def with_report(folder: Path, manifest: Manifest, make: MakeReport) -> Manifest:
    """Write the report of a version that is complete except for its manifest; returns the manifest that names it."""
    path = folder / REPORT
    make_folder(path.parent)
    write_text(path, make(folder, manifest))
    others = (file for file in manifest.documents if file.path != REPORT)
    return manifest.model_copy(update={"documents": (*others, describe(path, folder))})


def describe(path: Path, folder: Path) -> PublishedFile:
    """The manifest's entry for a file of a version."""
    return PublishedFile(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=sha256_of(path))


def parquet_options(reporting: Reporting | None) -> str:
    """The options of DuckDB's COPY for Parquet: the codec, the size of row groups, and currency and time zone."""
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS}, parquet_version v1"
    if reporting is None:
        return options
    values = {"reporting_currency": reporting.currency, "timezone": reporting.timezone}
    return f"{options}, kv_metadata {{{', '.join(f'{name}: {quoting.text(value)}' for name, value in values.items())}}}"


def _unique_rows(connection: duckdb.DuckDBPyConnection, relation: str, key: str, table: MartTable) -> int:
    ((rows, shared),) = connection.execute(
        f"""
        select coalesce(sum(n), 0), count(*) filter (where n > 1)
        from (select count(*) as n from {relation} group by {key})
        """  # noqa: S608 (names are quoted)
    ).fetchall()
    if shared:
        raise PublicationError(
            f"in the mart {table.name}, {counted(shared, 'key belongs', 'keys belong')} to more than one row"
            f" ({', '.join(table.key)})",
            hint=_REBUILD,
        )
    return int(rows)
