"""What differs between the databases that are read by SQLAlchemy: sessions, clocks, and types as texts without loss."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from pipelines.connectors.sql.cursors import Kind
from pipelines.connectors.sql.database import NO_ROW, Column, select

Quote = Callable[[str], str]


@dataclass(frozen=True)
class Dialect:
    """A kind of database.

    Attributes:
        columns: Finds the columns of what is written after `from`; the last argument is the table's name, or None.
        now: Gives the server's time: UTC and local, as ISO 8601 texts.
        session: Statements at the beginning of each connection, after `now` is asked for.
        cast_types: The types to which literals of cursors are cast.
        ordered: By kind, the expression by which cursors are ordered; `{0}` is the column. The column by default.
        unusable: By kind, a condition on rows whose cursor has no order among the others; `{0}` is the column.
    """

    columns: Callable[[sa.Connection, str, str | None, Quote], list[Column]]
    now: str
    session: tuple[str, ...] = ()
    cast_types: Mapping[Kind, str] = field(default_factory=dict)
    ordered: Mapping[Kind, str] = field(default_factory=dict)
    unusable: Mapping[Kind, str] = field(default_factory=dict)


def _described(connection: sa.Connection, sql: str) -> Sequence[Sequence[Any]]:
    """The description of the columns of a query, as the driver gives it."""
    with connection.exec_driver_sql(sql, execution_options={"no_parameters": True}) as result:
        return list(result.cursor.description or ()) if result.cursor else []


# MySQL and MariaDB ---------------------------------------------------------------------------------------------------

# the codes of the protocol: enum_field_types


def _mysql_columns(connection: sa.Connection, base: str, table: str | None, quoted: Quote) -> list[Column]:
    unsigned = _unsigned(connection, table) if table else set()
    found = _described(connection, select("*", base, NO_ROW))
    return [_mysql_column(str(one[0]), one[1], one[4], one[5], one[0] in unsigned, quoted) for one in found]


def _unsigned(connection: sa.Connection, table: str) -> set[str]:
    """The columns of a table that are unsigned: the description of a query does not say so."""
    schema, _, name = table.rpartition(".")
    found = connection.execute(
        sa.text(
            "select column_name from information_schema.columns where column_type like '% unsigned%'"
            " and table_schema = coalesce(:schema, database()) and table_name = :name"
        ),
        {"schema": schema or None, "name": name},
    )
    return {str(one[0]) for one in found}


def _mysql_column(name: str, code: int, length: int, scale: int, is_unsigned: bool, quoted: Quote) -> Column:
    own = quoted(name)
    text = f"cast({own} as char)"
    match code:
        case 1 | 2 | 3 | 8 | 9 | 13:
            return Column(name, own, pa.uint64() if code == 8 and is_unsigned else pa.int64(), Kind.NUMBER)
        case 4:  # the text of a float has six digits; as a double it has all
            return Column(name, f"({own} + 0e0)", pa.float64())
        case 5:
            return Column(name, own, pa.float64())
        case 0 | 246:
            precision = length - (scale > 0)  # and one for the sign, unless it is unsigned
            if precision - 1 > 38:
                return Column(name, text, pa.string())
            return Column(name, text, pa.decimal128(min(precision, 38), scale), None if scale else Kind.NUMBER)
        case 10 | 14:
            return Column(name, text, pa.date32(), Kind.DATE)
        case 12:
            return Column(name, text, pa.timestamp("us"), Kind.TIME)
        case 7:  # in the zone of the session, which is UTC
            return Column(name, f"concat({text}, 'Z')", pa.timestamp("us", "UTC"), Kind.MOMENT)
        case 11:
            return Column(name, text, pa.string())
        case 16:
            return Column(name, f"({own} + 0)", pa.uint64())
        case _:
            return Column(name, own, pa.string())


_MYSQL = Dialect(
    columns=_mysql_columns,
    now="select cast(utc_timestamp(6) as char), cast(now(6) as char)",
    session=(
        "set session time_zone = '+00:00'",
        "set session transaction read only",
        "set session net_write_timeout = 3600",  # a page is written while the server waits
    ),
    cast_types={Kind.DATE: "date", Kind.TIME: "datetime(6)", Kind.MOMENT: "datetime(6)"},
)

# SQLite --------------------------------------------------------------------------------------------------------------


def _sqlite_columns(connection: sa.Connection, base: str, table: str | None, quoted: Quote) -> list[Column]:
    """The columns by their affinity, which a view inherits. A value of another class is an error when it is read."""
    connection.exec_driver_sql("pragma query_only = off")
    connection.exec_driver_sql(
        f"create temporary view loyalty_pull_columns as {select('*', base)}", execution_options={"no_parameters": True}
    )
    found = connection.exec_driver_sql("pragma temp.table_info(loyalty_pull_columns)").all()
    names = [str(one[1]) for one in found]
    if table is None:
        # of two columns of a query with one name, in upper or lower case, the second is shown as `name:1`
        lower = {name.lower() for name in names}
        names = [short if (short := re.sub(r":\d+$", "", name)).lower() in lower else name for name in names]
    return [_sqlite_column(name, str(one[2]).upper(), quoted) for name, one in zip(names, found, strict=True)]


def _sqlite_column(name: str, declared: str, quoted: Quote) -> Column:
    own = quoted(name)
    if "INT" in declared:
        return Column(name, own, pa.int64(), Kind.NUMBER)
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return Column(name, own, pa.float64())
    return Column(name, own, pa.string(), Kind.DAY_TEXT)


_SQLITE = Dialect(
    columns=_sqlite_columns,
    now="select strftime('%Y-%m-%d %H:%M:%f', 'now'), strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')",
    session=("pragma query_only = on",),
    ordered={Kind.DAY_TEXT: "date({0})"},  # in UTC; NULL if it is not a date or time of ISO 8601
    unusable={
        Kind.NUMBER: "{0} is not null and typeof({0}) <> 'integer'",
        Kind.DAY_TEXT: (
            "{0} is not null and (typeof({0}) <> 'text'"
            " or date(substr({0}, 1, 10), '+0 days') is not substr({0}, 1, 10)"
            " or coalesce(date({0}) not between '0001-01-01' and '9999-12-31', true))"
        ),
    },
)

# SQL Server ----------------------------------------------------------------------------------------------------------

_WHOLE = {"bigint", "int", "smallint", "tinyint"}


def _mssql_columns(connection: sa.Connection, base: str, table: str | None, quoted: Quote) -> list[Column]:
    found = connection.execute(
        sa.text(
            "select name, type_name(system_type_id), precision, scale"
            " from sys.dm_exec_describe_first_result_set(:sql, null, 0) order by column_ordinal"
        ),
        {"sql": select("*", base)},
    )
    return [_mssql_column(str(one[0]), str(one[1]), int(one[2]), int(one[3]), quoted) for one in found]


def _mssql_column(name: str, kind: str, precision: int, scale: int, quoted: Quote) -> Column:
    own = quoted(name)
    text = f"convert(varchar(60), {own}, 126)"  # ISO 8601
    if kind in _WHOLE:
        return Column(name, own, pa.int64(), Kind.NUMBER)
    if kind == "bit":
        return Column(name, own, pa.bool_())
    if kind in ("float", "real"):
        return Column(name, own, pa.float64())
    if kind in ("decimal", "numeric"):
        text = f"convert(varchar(60), {own})"
        return Column(name, text, pa.decimal128(precision, scale), None if scale else Kind.NUMBER)
    if kind in ("money", "smallmoney"):
        return Column(name, f"convert(varchar(60), {own}, 2)", pa.decimal128(19, 4))
    if kind == "date":
        return Column(name, text, pa.date32(), Kind.DATE)
    if kind in ("datetime", "smalldatetime", "datetime2"):
        # seven digits of a second stay in a text: a timestamp of Parquet has six
        return Column(name, text, pa.string() if scale > 6 else pa.timestamp("us"), Kind.TIME)
    if kind == "datetimeoffset":
        return Column(name, text, pa.string() if scale > 6 else pa.timestamp("us", "UTC"), Kind.MOMENT)
    if kind in ("binary", "varbinary", "image", "timestamp", "rowversion"):
        return Column(name, f"convert(varchar(max), convert(varbinary(max), {own}), 2)", pa.string())
    return Column(name, f"convert(nvarchar(max), {own})", pa.string())


_MSSQL = Dialect(
    columns=_mssql_columns,
    now="select convert(varchar(40), sysutcdatetime(), 126), convert(varchar(40), sysdatetime(), 126)",
    cast_types={Kind.DATE: "date", Kind.TIME: "datetime2", Kind.MOMENT: "datetimeoffset"},
)

DIALECTS: Mapping[str, Dialect] = {"mysql": _MYSQL, "mariadb": _MYSQL, "sqlite": _SQLITE, "mssql": _MSSQL}
