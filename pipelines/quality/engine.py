"""DuckDB connections for gates, and the SQLAlchemy dialect through which Great Expectations (GX) queries them.

There are no expectations here.

Why the project has its own dialect: GX 1.24 has no DuckDB datasource. With plain duckdb-engine, GX returns its
connection to the pool before it reads the result, and the result is lost. In this dialect every statement runs on its
own DuckDB cursor, so the result stays readable. Rows are fetched on demand: a query that finds ten million bad rows
does not load them all into Python.

The caller opens and closes the DuckDB connection. `share_with_gx` closes every cursor that GX used, even if GX did not.
Then another process can write to the file.
"""

import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import registry

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import GateError

_DIALECT = "duckdb.gate"


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
def share_with_gx(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> Iterator[str]:
    """Make a connection available to SQLAlchemy, and so to GX.

    Args:
        connection: Stays open at the end; the caller closes it.
        schemas: Where names without a schema are looked up, in this order; empty for DuckDB's default.

    Yields:
        The URL for `sqlalchemy.create_engine`, valid until the end of the block.
    """
    registry.register(_DIALECT, __name__, GateDialect.__name__)
    shared = _SharedConnection(connection, tuple(schemas))
    token = secrets.token_hex(8)
    _SHARED[token] = shared
    try:
        yield f"{_DIALECT.replace('.', '+')}:///{token}"
    finally:
        del _SHARED[token]
        shared.close()


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


@dataclass
class _SharedConnection:
    """A connection that GX uses, and every cursor that was made from it."""

    connection: duckdb.DuckDBPyConnection
    schemas: tuple[str, ...]
    cursors: list[duckdb.DuckDBPyConnection] = field(default_factory=list)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.connection.cursor()
        self.cursors.append(cursor)
        if self.schemas:
            cursor.execute(f"set search_path = {schema_path(self.schemas)}")
        return cursor

    def close(self) -> None:
        for cursor in self.cursors:
            cursor.close()


_SHARED: dict[str, _SharedConnection] = {}  # the connections by the token in their URL; `share_with_gx` removes them


class _Cursor:
    """A DBAPI cursor. Each statement has its own DuckDB cursor, which stays open until the shared connection closes."""

    rowcount = -1
    arraysize = 1

    def __init__(self, connection: "_Connection", shared: _SharedConnection) -> None:
        self.connection = connection
        self._shared = shared
        self._result: duckdb.DuckDBPyConnection | None = None

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        """Names and types. The types are text: GX keeps descriptions, and must not keep DuckDB objects alive."""
        if self._result is None or not self._result.description:
            return None
        return [(column[0], str(column[1]), *column[2:]) for column in self._result.description]

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        self._result = self._shared.cursor()
        self._result.execute(statement, parameters or None)

    def fetchone(self) -> Any:
        return self._result.fetchone() if self._result else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return self._result.fetchmany(size or self.arraysize) if self._result else []

    def fetchall(self) -> list[Any]:
        return self._result.fetchall() if self._result else []

    def close(self) -> None:
        """Does nothing: the shared connection closes its cursors at the end."""


class _Connection:
    """A DBAPI connection to a shared connection. Gates only read, so there are no transactions."""

    closed = False
    autocommit = True
    notices: tuple[str, ...] = ()

    def __init__(self, shared: _SharedConnection) -> None:
        self._shared = shared

    def cursor(self) -> _Cursor:
        return _Cursor(self, self._shared)

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class GateDialect(duckdb_engine.Dialect):
    """duckdb-engine's dialect over a shared connection (see `share_with_gx`)."""

    driver = "gate"
    supports_statement_cache = False

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """A connection to the shared connection that the URL names."""
        return _Connection(_SHARED[options["database"]])

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        """A table's columns. duckdb-engine reads them from Postgres tables that DuckDB 2 does not have."""
        relation = ".".join(quoting.name(part) for part in (schema, table_name) if part)
        described = connection.exec_driver_sql(f"describe select * from {relation}").fetchall()  # noqa: S608 (quoted)
        return [
            {"name": row[0], "type": self._type_of(row[1]), "nullable": True, "default": None, "comment": None}
            for row in described
        ]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        """An empty constraint: gates read views and tables without primary keys."""
        return {"constrained_columns": [], "name": None}

    def _type_of(self, name: str) -> sqltypes.TypeEngine[Any]:
        found: type[sqltypes.TypeEngine[Any]] = self.ischema_names.get(
            name.partition("(")[0].lower(), sqltypes.NullType
        )
        return found()


def schema_path(schemas: Sequence[str]) -> str:
    """The schemas as a value for DuckDB's `search_path`."""
    return quoting.text(",".join(quoting.name(schema) for schema in schemas))
