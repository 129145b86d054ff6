"""PostgreSQL by ADBC: rows arrive as Arrow in the binary format of COPY.

Types that Arrow has are read as they are. A numeric is read as text, and becomes a decimal if the server declares its
precision. A bytea is read as hexadecimal digits, and every other type as the text that the server makes of it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from pydantic import SecretStr

from pipelines.base.errors import ConfigError, PullError
from pipelines.base.postgres_errors import without_quoted
from pipelines.base.text import without_values
from pipelines.connectors.sql.cursors import Kind
from pipelines.connectors.sql.database import NO_ROW, Column, select, shown
from pipelines.connectors.sql.values import as_type

_SESSION = (
    "set client_encoding = 'UTF8'",
    "set application_name = 'loyalty'",
    "set default_transaction_read_only = on",
    "set timezone = 'UTC'",  # the texts of arrays and ranges of times
    "set datestyle = 'ISO'",
    "set intervalstyle = 'iso_8601'",
    "set extra_float_digits = 1",
    "set statement_timeout = 0",
)
_NATIVE = {
    *("bool", "int2", "int4", "int8", "float4", "float8", "date", "timestamp", "timestamptz"),
    *("text", "varchar", "bpchar", "name", "char"),
}
_KINDS = {
    **dict.fromkeys(("int2", "int4", "int8"), Kind.NUMBER),
    "date": Kind.DATE,
    "timestamp": Kind.TIME,
    "timestamptz": Kind.MOMENT,
}
_ABOUT_VALUES = "22"  # SQLSTATE of data exceptions: the message quotes a value
# SQLSTATE classes: connection, insufficient resources, operator intervention; a lock; a serialization failure
_TEMPORARY = ("08", "53", "57", "55P03", "40")


class Postgres:
    """A database of PostgreSQL.

    Args:
        uri: The URI of libpq.
    """

    def __init__(self, uri: SecretStr) -> None:
        # a driver in the scheme, as SQLAlchemy writes it, is not for libpq
        self._uri = SecretStr(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", uri.get_secret_value()))
        self._offset: timedelta | None = None
        self.cast_types: Mapping[Kind, str] = {
            Kind.DATE: "date",
            Kind.TIME: "timestamp",
            Kind.MOMENT: "timestamptz",
        }

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def now(self) -> datetime:
        found: datetime = self._row("select now()")[0]
        return found.astimezone(UTC)

    def local_offset(self) -> timedelta:
        if self._offset is None:
            # the session's own zone was changed; the reset value is that of the server, database or role
            zone = "(select reset_val from pg_catalog.pg_settings where name = 'TimeZone')"
            local, utc = self._row(f"select now() at time zone {zone}, now() at time zone 'UTC'")
            self._offset = local - utc
        return self._offset

    def columns(self, base: str, table: str | None) -> list[Column]:
        with self._cursor() as cursor:
            cursor.execute(select("*", base, NO_ROW))
            schema = cursor.fetch_record_batch().schema
        return [self._column(field) for field in schema]

    def ordered(self, column: Column) -> str:
        return self.quoted(column.name)

    def unusable(self, column: Column) -> str | None:
        infinite = f"{column.sql} in ('infinity', '-infinity')"
        return None if column.kind is Kind.NUMBER else infinite

    def batches(self, sql: str, columns: list[Column]) -> Iterator[pa.Table]:
        with self._cursor() as cursor:
            cursor.execute(sql)
            for batch in cursor.fetch_record_batch():
                arrays = [as_type(one.name, found, one.type) for one, found in zip(columns, batch.columns, strict=True)]
                yield pa.table(arrays, names=[one.name for one in columns])

    def close(self) -> None:
        """Nothing stays open."""

    def _column(self, field: pa.Field) -> Column:
        metadata = field.metadata or {}
        name, kind, own = field.name, metadata.get(b"POSTGRESQL:type", b"").decode(), self.quoted(field.name)
        if kind in _NATIVE:
            return Column(name, own, field.type, _KINDS.get(kind))
        if kind == "bytea":
            return Column(name, f"encode({own}, 'hex')", pa.string())
        if kind == "numeric":
            decimal = _decimal(int(metadata.get(b"POSTGRESQL:typmod", b"-1")))
            is_whole = decimal is not None and decimal.scale == 0
            return Column(name, f"{own}::text", decimal or pa.string(), Kind.NUMBER if is_whole else None)
        return Column(name, f"{own}::text", pa.string())

    def _row(self, sql: str) -> tuple[Any, ...]:
        with self._cursor() as cursor:
            cursor.execute(sql)
            row: tuple[Any, ...] = cursor.fetchone()
            return row

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        dbapi = _driver()
        try:
            connection = dbapi.connect(self._uri.get_secret_value(), autocommit=True)
        except dbapi.Error as problem:
            raise PullError(
                f"the database cannot be reached: {shown(_driver_message(problem, self._uri))}",
                hint="check that the server runs; check user, password, host and database in the environment variable",
                is_temporary=True,
            ) from None
        try:
            with connection.cursor() as cursor:
                for statement in _SESSION:
                    cursor.execute(statement)
                yield cursor
        except dbapi.Error as problem:
            raise _refused(problem, self._uri) from None
        except (pa.ArrowException, OSError) as problem:  # while rows arrive
            raise _interrupted(problem) from None
        finally:
            with suppress(dbapi.Error):
                connection.close()


def _driver() -> Any:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as problem:
        raise ConfigError(
            f"the driver of PostgreSQL is not installed: {problem.name} is missing",
            hint="install the extra `sql`: `make setup-sql`, or pip install 'loyalty-marts[sql]'",
        ) from None
    return dbapi


def _refused(problem: Any, uri: SecretStr) -> PullError:
    words, state = _primary_message(problem), problem.sqlstate or ""
    if not words:
        words, state = _driver_message(problem, uri), "08000"
    elif state.startswith(_ABOUT_VALUES):
        words = without_values(words)
    return PullError(
        f"the database answered: {shown(words)} (SQLSTATE {state})",
        hint="docs/sources.md lists the rights that the role needs; write names in the same upper and lower case"
        " as in the database",
        is_temporary=state.startswith(_TEMPORARY),
    )


def _interrupted(problem: BaseException) -> PullError:
    """The error for rows that end early: the server refused one of them, or the connection broke."""
    # the first line after the severity; the others may quote values of rows, and it may quote one
    words = str(problem).rpartition("ERROR:")[2].strip().partition("\n")[0].removeprefix("[libpq] ")
    words = without_values(words)
    is_broken = "ERROR:" not in str(problem)
    return PullError(
        f"{'the connection to the database broke' if is_broken else 'the database answered'}: {shown(words)}",
        hint="the next pull continues where this one stopped"
        if is_broken
        else "correct the query, or ask the operator of the database",
        is_temporary=is_broken,
    )


def _primary_message(problem: Any) -> str:
    """The first part of the server's answer, on one line; empty if the server has not answered.

    Details and contexts may quote values of rows.
    """
    fields = {_text(key): value for key, value in problem.details}  # the driver gives names as bytes
    return _text(fields.get("PG_DIAG_MESSAGE_PRIMARY"))


def _driver_message(problem: BaseException, uri: SecretStr) -> str:
    """A message of the driver without its statement, its SQLSTATE and parts of the URI."""
    words = " ".join(str(problem).partition("Query was: ")[0].split())
    words = re.sub(r"^[A-Z_]+: |\[libpq\] |Failed to execute query '.*': (?=[A-Z]+: )| ?\. SQLSTATE: \w*$", "", words)
    return without_quoted(words.removeprefix("[libpq] "), uri)


def _text(value: object) -> str:
    found = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return " ".join(found.split())


def _decimal(modifier: int) -> pa.DataType | None:
    """The type of a numeric with declared precision that DuckDB has too; None for any other."""
    if modifier < 4:
        return None
    precision, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
    return pa.decimal128(precision, scale) if scale <= precision <= 38 else None
