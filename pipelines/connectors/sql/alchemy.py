"""MySQL, MariaDB, SQLite and SQL Server by SQLAlchemy, whose URI names the driver. Rows are not collected."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import exc

from pipelines.base.errors import ConfigError, PullError
from pipelines.base.text import without_values
from pipelines.connectors.sql.cursors import Kind
from pipelines.connectors.sql.database import Column, shown
from pipelines.connectors.sql.dialects import DIALECTS, Dialect
from pipelines.connectors.sql.values import array_of

_FETCHED = 2_000  # rows: a batch of wide rows stays small
# no connection, too many connections, a lock that was not given up in time, a deadlock
_BUSY = frozenset({2002, 2003, 2006, 2013, 1040, 1203, 1205, 1213})
# a value does not fit a type: MySQL, SQL Server
_ABOUT_VALUES = frozenset({1264, 1265, 1292, 1366, 1411, 241, 242, 244, 245, 248, 295, 8114})
_PLAIN = {"no_parameters": True}  # a % in SQL is one


def open_engine(uri: SecretStr, variable: str) -> "Alchemy":
    """The database of a URI.

    Args:
        uri: The URI as SQLAlchemy reads it.
        variable: The environment variable that has it, for errors.

    Raises:
        ConfigError: It is not such a URI, or its driver is not installed.
    """
    names = "postgresql, mysql, mariadb, sqlite and mssql"
    try:
        url = sa.make_url(uri.get_secret_value())
        dialect = DIALECTS.get(url.get_backend_name())
        if dialect is None:
            raise ConfigError(
                f"the URI in {variable} begins with `{url.get_backend_name()}`", hint=f"it must begin with {names}"
            )
        if url.get_driver_name() == "mysqldb" and "+" not in url.drivername:
            url = url.set(drivername=f"{url.drivername}+pymysql")  # the one of the extra
        if url.drivername == "mssql":
            url = url.set(drivername="mssql+pymssql")
        engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    except (exc.ArgumentError, ValueError, TypeError):  # their texts quote the URI
        raise ConfigError(
            f"{variable} has no URI of a database",
            hint=f"write it like mysql://reader:password@host/shop; it begins with {names}; characters such as @ and /"
            " in the password are written as %40 and %2F",
        ) from None
    except ImportError as problem:
        raise ConfigError(
            f"the driver of the URI in {variable} is not installed: {problem.name} is missing",
            hint="install the extra `sql`: `make setup-sql`, or pip install 'loyalty-marts[sql]'; or install the driver"
            " that is named in the URI",
        ) from None
    return Alchemy(engine, dialect)


class Alchemy:
    """A database that is read by SQLAlchemy.

    Args:
        engine: Opens its connections.
        dialect: What is special about it.
    """

    def __init__(self, engine: sa.Engine, dialect: Dialect) -> None:
        self._engine = engine
        self._dialect = dialect
        self.cast_types: Mapping[Kind, str] = dialect.cast_types

    def quoted(self, name: str) -> str:
        quoted = self._engine.dialect.identifier_preparer.quote_identifier(name)
        # drivers with % for parameters get each % twice; our statements have no parameters
        return quoted.replace("%%", "%") if self._engine.dialect.paramstyle in ("format", "pyformat") else quoted

    def now(self) -> datetime:
        return self._clock()[0].replace(tzinfo=UTC)

    def local_offset(self) -> timedelta:
        utc, local = self._clock()
        return timedelta(minutes=round((local - utc).total_seconds() / 60))

    def columns(self, base: str, table: str | None) -> list[Column]:
        with self._connection() as connection:
            return self._dialect.columns(connection, base, table, self.quoted)

    def ordered(self, column: Column) -> str:
        expression = self._dialect.ordered.get(column.kind, "{0}") if column.kind else "{0}"
        return expression.format(self.quoted(column.name))

    def unusable(self, column: Column) -> str | None:
        condition = self._dialect.unusable.get(column.kind) if column.kind else None
        return condition.format(self.quoted(column.name)) if condition else None

    def batches(self, sql: str, columns: list[Column]) -> Iterator[pa.Table]:
        names = [one.name for one in columns]
        with self._connection() as connection:
            streamed = connection.execution_options(stream_results=True, max_row_buffer=_FETCHED, **_PLAIN)
            for rows in streamed.exec_driver_sql(sql).partitions(_FETCHED):
                cells = zip(*rows, strict=True)
                arrays = [array_of(one.name, found, one.type) for one, found in zip(columns, cells, strict=True)]
                yield pa.table(arrays, names=names)

    def close(self) -> None:
        self._engine.dispose()

    def _clock(self) -> tuple[datetime, datetime]:
        with self._connection(with_session=False) as connection:
            utc, local = connection.exec_driver_sql(self._dialect.now, execution_options=_PLAIN).one()
        return datetime.fromisoformat(str(utc)), datetime.fromisoformat(str(local))

    @contextmanager
    def _connection(self, *, with_session: bool = True) -> Iterator[sa.Connection]:
        self._refuse_missing_file()
        try:
            with self._connect() as connection:
                for statement in self._dialect.session if with_session else ():
                    connection.exec_driver_sql(statement)
                yield connection
        except exc.SQLAlchemyError as problem:
            raise self._refused(problem) from None

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except (TypeError, AttributeError, ValueError) as problem:  # their texts may quote the URI
            raise ConfigError(
                f"the driver {self._engine.dialect.driver} does not take an option of the URI"
                f" ({type(problem).__name__})",
                hint="correct the part after `?` as the driver's documentation says; for MySQL and MariaDB with TLS:"
                " `?ssl_ca=/folder/ca.pem`",
            ) from None

    def _refuse_missing_file(self) -> None:
        """SQLite would create the file."""
        url = self._engine.url
        if url.get_backend_name() == "sqlite" and not Path((url.database or "").removeprefix("file:")).is_file():
            raise PullError(
                "the file of the SQLite database does not exist",
                hint="write its path in the URI: sqlite:////folder/shop.db, or sqlite:///shop.db in the current folder",
            )

    def _refused(self, problem: exc.SQLAlchemyError) -> PullError:
        is_broken = isinstance(problem, exc.DBAPIError) and problem.connection_invalidated
        # SQLAlchemy's own text has the statement; the driver's is the last argument, after a number
        original: Any = getattr(problem, "orig", None) or problem
        if _is_locked(original):
            return PullError(
                "the SQLite database is locked by another program that writes to it",
                hint="pull again when it has finished; with `?timeout=60` at the end of the URI, pulls wait 60 seconds",
                is_temporary=True,
            )
        words = shown(original.args[-1] if original.args else original, str(self._engine.url.password or ""))
        if original.args and original.args[0] in _ABOUT_VALUES:
            words = without_values(words)
        is_temporary = is_broken or _is_temporary(original)
        return PullError(
            f"the database answered: {words}",
            hint="check that the server runs, and host, port and database in the URI; then pull again"
            if is_temporary
            else "docs/sources.md lists the rights that the user needs; write names in the same upper and lower"
            " case as in the database",
            is_temporary=is_temporary,
        )


def _is_temporary(problem: BaseException) -> bool:
    """Whether the statement may succeed later: errors of the operating system, and codes of MySQL (`_BUSY`)."""
    return isinstance(problem, OSError) or (bool(problem.args) and problem.args[0] in _BUSY)


def _is_locked(problem: BaseException) -> bool:
    """Whether SQLite answers that another connection holds a lock. Extended codes have more in their higher bits."""
    code = getattr(problem, "sqlite_errorcode", 0)
    return isinstance(problem, sqlite3.OperationalError) and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
