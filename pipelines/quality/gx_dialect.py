"""The SQLAlchemy dialect through which Great Expectations (GX) queries a DuckDB connection.

Why the project has its own dialect: GX 1.24 has no DuckDB datasource. With plain duckdb-engine, GX returns its
connection to the pool before it reads the result, and the result is lost. In this dialect every statement runs on its
own DuckDB cursor, so the result stays readable. Rows are fetched on demand: a query that finds ten million bad rows
does not load them all into Python.

`share_with_gx` closes every cursor that GX used, even if GX did not. Then another process can write to the file. This
module imports SQLAlchemy, so it is imported only when a gate runs.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import registry

from pipelines.base import quoting
from pipelines.quality.connections import schema_path

_DIALECT = "duckdb.gate"


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
