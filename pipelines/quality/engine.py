"""DuckDB connections that a gate may ask, and the SQLAlchemy dialect by which Great Expectations asks them.

No expectation stands here. Why a dialect of our own: GX 1.24 has no DuckDB datasource, and over plain duckdb-engine
it gives its connection back before it reads the result, which is gone by then. Here every statement runs on a DuckDB
cursor of its own, so its result outlives the connection's return to the pool; rows are fetched as they are asked for,
so that a query that finds ten million bad rows does not bring them into Python.

The caller opens and closes the DuckDB connection. What is lent to GX is closed when `lend` ends, whatever GX forgot,
and the file is then free for a writer.
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
def open_landing(landing: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB with a view for every entity below `landing` (`<entity>/source=…/batch=…/*.parquet`).

    `source` and `batch` are columns, as text. What spills goes to the system's temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="loyalty-gate-") as spill, connect(spill=Path(spill)) as connection:
        for folder in sorted(path for path in landing.iterdir() if path.is_dir()) if landing.is_dir() else ():
            if next(folder.glob("*/*/*.parquet"), None) is not None:
                parts = quoting.files(folder, "*/*/*.parquet")
                files = f"read_parquet({parts}, hive_types_autocast = false, union_by_name = true)"
                connection.execute(f"create view {quoting.name(folder.name)} as select * from {files}")  # noqa: S608
        yield connection


@contextmanager
def open_warehouse(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only.

    Raises:
        GateError: There is none, or a writer holds it.
    """
    if not warehouse.is_file():
        raise GateError(f"there is no warehouse at {warehouse}", hint="Run `loyalty run` first.")
    try:
        connection = connect(warehouse, read_only=True)
    except duckdb.Error as error:
        raise GateError(
            f"the warehouse {warehouse} cannot be opened for reading: {error}",
            hint="A build may still be writing to it: wait for it, or see `loyalty status`.",
        ) from error
    with connection:
        yield connection


@contextmanager
def lend(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> Iterator[str]:
    """Lend a connection to SQLAlchemy.

    Args:
        connection: Stays the caller's, and open.
        schemas: Where names without a schema are looked up, in this order; none for DuckDB's own default.

    Yields:
        The URL for `sqlalchemy.create_engine`, of use until the end of the block.
    """
    registry.register(_DIALECT, __name__, GateDialect.__name__)
    loan = _Loan(connection, tuple(schemas))
    token = secrets.token_hex(8)
    _LOANS[token] = loan
    try:
        yield f"{_DIALECT.replace('.', '+')}:///{token}"
    finally:
        del _LOANS[token]
        loan.close()


@contextmanager
def reading(connection: duckdb.DuckDBPyConnection, marts: Path | None) -> Iterator[Mapping[str, str]]:
    """Let a connection read published marts as `previous.<mart>`, until the end of the block.

    Args:
        connection: As `open_warehouse` gives it.
        marts: The folder of a version that holds `<mart>/*.parquet`; None for no version.

    Yields:
        For each mart the relation that `previous.<mart>` stands for, in words that mean the same on any connection.
    """
    found = {
        folder.name: f"read_parquet({quoting.files(folder, '*.parquet')}, hive_partitioning = false)"
        for folder in (sorted(marts.iterdir()) if marts and marts.is_dir() else ())
        if next(folder.glob("*.parquet"), None) is not None
    }
    connection.execute("attach ':memory:' as previous (read_write)")  # a file that is only read takes no views
    try:
        for mart, relation in found.items():
            connection.execute(f"create view previous.{quoting.name(mart)} as select * from {relation}")  # noqa: S608 (quoted)
        yield found
    finally:
        connection.execute("detach previous")


def locate(connection: duckdb.DuckDBPyConnection, dataset: str, schemas: Sequence[str]) -> tuple[str, int]:
    """Where a dataset is read from, in words that mean the same on any connection, and how many rows it has.

    Args:
        connection: As `open_landing` or `open_warehouse` gives it.
        dataset: A table or view.
        schemas: Where to look for it, in this order; none for a landed entity.

    Raises:
        duckdb.CatalogException: It is in none of them.
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
        raise duckdb.CatalogException(f"there is no {dataset} in {', '.join(schemas) or 'what was landed'}")
    relation = f"{quoting.name(present)}.{quoting.name(dataset)}"
    if not schemas and found[present]:  # a view of `open_landing` is gone with its connection: show what it reads
        relation = f"({found[present].partition(' AS ')[2].rstrip(';')})"
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()  # noqa: S608 (names are quoted)
    return relation, int(rows)


@dataclass
class _Loan:
    """A lent connection and every cursor that was made of it."""

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


_LOANS: dict[str, _Loan] = {}  # what the URLs now in use stand for; emptied by `lend`


class _Cursor:
    """A DBAPI cursor: one statement, one DuckDB cursor, which lives until it is read to its end or the loan is over."""

    rowcount = -1
    arraysize = 1

    def __init__(self, connection: "_Connection", loan: _Loan) -> None:
        self.connection = connection
        self._loan = loan
        self._result: duckdb.DuckDBPyConnection | None = None

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        """Names and types; types as text, for GX keeps descriptions for good and DuckDB's own objects must not stay."""
        if self._result is None or not self._result.description:
            return None
        return [(column[0], str(column[1]), *column[2:]) for column in self._result.description]

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        self._result = self._loan.cursor()
        self._result.execute(statement, parameters or None)

    def fetchone(self) -> Any:
        return self._result.fetchone() if self._result else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return self._result.fetchmany(size or self.arraysize) if self._result else []

    def fetchall(self) -> list[Any]:
        return self._result.fetchall() if self._result else []

    def close(self) -> None:
        """SQLAlchemy closes a cursor that it has read; the loan closes the others."""


class _Connection:
    """A DBAPI connection to a loan. Gates only read, so there is no transaction to begin or to end."""

    closed = False
    autocommit = True
    notices: tuple[str, ...] = ()

    def __init__(self, loan: _Loan) -> None:
        self._loan = loan

    def cursor(self) -> _Cursor:
        return _Cursor(self, self._loan)

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class GateDialect(duckdb_engine.Dialect):
    """duckdb-engine's dialect over a lent connection (see `lend`)."""

    driver = "gate"
    supports_statement_cache = False

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """A connection to the loan that the URL names."""
        return _Connection(_LOANS[options["database"]])

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        """A table's columns. duckdb-engine asks for them in Postgres' way, which DuckDB 2 does not know."""
        relation = ".".join(quoting.name(part) for part in (schema, table_name) if part)
        described = connection.exec_driver_sql(f"describe select * from {relation}").fetchall()  # noqa: S608 (quoted)
        return [
            {"name": row[0], "type": self._type_of(row[1]), "nullable": True, "default": None, "comment": None}
            for row in described
        ]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        """None: gates read views and tables without constraints."""
        return {"constrained_columns": [], "name": None}

    def _type_of(self, name: str) -> sqltypes.TypeEngine[Any]:
        found: type[sqltypes.TypeEngine[Any]] = self.ischema_names.get(
            name.partition("(")[0].lower(), sqltypes.NullType
        )
        return found()


def schema_path(schemas: Sequence[str]) -> str:
    """Schemas as the text that DuckDB's `search_path` takes."""
    return quoting.text(",".join(quoting.name(schema) for schema in schemas))
