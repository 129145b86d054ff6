"""The tables and queries of a database as objects of a pull.

Without a cursor, a table is read in one statement, and a stopped pull begins again: two reads at different times would
mix two states. With a cursor, rows are read in its order, and a stopped pull continues at the value of its last row.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
from pydantic import SecretStr

from pipelines.base.errors import PullError
from pipelines.base.text import counted
from pipelines.config.credentials import read_credentials
from pipelines.config.pull_sql import SqlSettings, SqlTable
from pipelines.config.pulls import PullSettings
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.sql.alchemy import open_engine
from pipelines.connectors.sql.cursors import (
    Kind,
    Value,
    earlier,
    is_after,
    literal,
    present,
    reached,
    text_of,
    value_of,
)
from pipelines.connectors.sql.database import BATCH_BYTES, Column, Database, select, without_end
from pipelines.connectors.sql.postgres import Postgres

_NONE = "none"  # the cursor of a table that has no row with one


def connect(settings: PullSettings, warn: Say) -> "Sql":
    """Open the database that the environment variable names.

    Raises:
        ConfigError: The variable is not set, or has no URI.
    """
    assert settings.sql is not None
    variable = settings.sql.environment_variable
    (uri,) = read_credentials([variable], "databases (postgresql://reader:password@host/shop)")
    is_postgres = uri.startswith(("postgresql:", "postgres:", "postgresql+"))
    secret = SecretStr(uri)
    database: Database = Postgres(secret) if is_postgres else open_engine(secret, variable)
    return Sql(settings.sql, database, warn, _without_password(uri))


def _without_password(uri: str) -> str:
    """The address of a database without user and password."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


class Sql:
    """The connector of databases.

    Args:
        settings: The tables and queries.
        database: The database.
        warn: Receives what the user should know about rows.
        origin: Which database it is: with another one, all rows are read.
    """

    def __init__(self, settings: SqlSettings, database: Database, warn: Say, origin: str = "") -> None:
        self._origin = origin
        self._settings = settings
        self._database = database
        self._warn = warn
        self._columns: dict[str, list[Column]] = {}
        self._problems: dict[str, PullError] = {}
        self._greatest: dict[str, Value | None] = {}

    def objects(self) -> Sequence[PulledObject]:
        return [self._object(name, table) for name, table in self._settings.tables.items()]

    def server_time(self) -> datetime:
        return self._database.now()

    def until(self, one: PulledObject, now: datetime) -> str:
        found = self._cursor(one)
        if found is None:
            return now.strftime("%Y%m%dT%H%M%SZ")
        column, kind = found
        base = self._base(one)
        self._refuse_unusable(one, column)
        own = self._database.ordered(column)
        if (value := self._greatest_of(one, column, kind)) is None:
            return _NONE
        if (at := present(kind, now, self._database.local_offset())) is None:
            return text_of(value)
        least, most = at
        if is_after(value, most):
            future = f"{own} > {self._literal(most, kind)}"
            self._warn(
                f"{one.name}: {counted(self._count(base, future), 'row')} with `{column.name}` after the server's"
                " present time: each pull reads them again until that time has come"
            )
        return text_of(least if is_after(value, least) else value)

    def pages(
        self, one: PulledObject, since: str | None, until: str, checkpoint: Mapping[str, Any] | None
    ) -> Iterator[Page]:
        columns = self._described(one)
        base = self._base(one)
        cells = ", ".join(column.sql for column in columns)
        found = self._cursor(one)
        if found is None:
            yield from (Page(table, {}) for table in self._read(select(cells, base), columns))
            return
        column, kind = found
        own = self._database.ordered(column)
        conditions = [f"{own} is not null"]
        if checkpoint and checkpoint["at"] is not None:
            conditions.append(f"{own} >= {self._literal(value_of(kind, checkpoint['at']), kind)}")
        elif since not in (None, _NONE):
            least = earlier(value_of(kind, since), self._table(one).overlap_minutes, self._table(one).overlap_numbers)
            greatest = self._greatest_of(one, column, kind)
            if greatest is not None and is_after(least, greatest):
                self._warn(f"{one.name}: `{column.name}` now has lower values than before, so all rows are read")
            else:
                conditions.append(f"{own} >= {self._literal(least, kind)}")
        at = checkpoint["at"] if checkpoint else None
        for table in self._read(select(cells, base, " and ".join(conditions), own), columns):
            at = text_of(reached(kind, table[column.name][-1].as_py()))
            yield Page(table, {"at": at})
        if without := self._count(base, f"{own} is null"):
            self._warn(
                f"{one.name}: {counted(without, 'row')} without `{column.name}`: each pull reads them again. Give them"
                " a value, or leave them out by a `query`"
            )
            yield from (Page(table, {"at": at}) for table in self._read(select(cells, base, f"{own} is null"), columns))

    def _greatest_of(self, one: PulledObject, column: Column, kind: Kind) -> Value | None:
        """The greatest value of a cursor when it was first asked for; None if no row has one."""
        if one.name not in self._greatest:
            own = self._database.ordered(column)
            greatest_sql = column.sql.replace(self._database.quoted(column.name), f"max({own})")
            greatest = self._scalar(select(greatest_sql, self._base(one)), column)
            self._greatest[one.name] = None if greatest is None else value_of(kind, greatest)
        return self._greatest[one.name]

    def is_empty(self, one: PulledObject) -> bool:
        some = f"case when exists (select 1 from {self._base(one)}) then 1 else 0 end"  # noqa: S608 (see `select`)
        return self._scalar(f"select {some}", Column("some", "", pa.int64())) == 0

    def close(self) -> None:
        self._database.close()

    def _object(self, name: str, table: SqlTable) -> PulledObject:
        settings = table.model_dump(mode="json")
        one = PulledObject(name, name, is_snapshot=table.cursor is None, full_read_days=table.full_read_days)
        try:
            settings["columns"] = [[column.name, str(column.type)] for column in self._described(one)]
        except PullError as problem:
            # raised when the object is read; without its columns, it would seem to have changed
            self._problems[name] = problem
        settings["origin"] = self._origin
        # a stopped snapshot is not continued
        settings["once"] = uuid4().hex if one.is_snapshot else ""
        return PulledObject(
            name, name, one.is_snapshot, one.full_read_days, settings=json.dumps(settings, sort_keys=True)
        )

    def _table(self, one: PulledObject) -> SqlTable:
        return self._settings.tables[one.name]

    def _base(self, one: PulledObject) -> str:
        """What is written after `from`: the table, or the query as a subquery."""
        table = self._table(one)
        if table.table is not None:
            return ".".join(self._database.quoted(part) for part in table.table.split("."))
        assert table.query is not None
        # the line break ends a comment
        return f"(\n{without_end(table.query)}\n) as loyalty_pull"

    def _described(self, one: PulledObject) -> list[Column]:
        if one.name in self._problems:
            raise self._problems[one.name]
        if one.name not in self._columns:
            found = self._database.columns(self._base(one), self._table(one).table)
            _refuse_equal_names(one.name, [column.name for column in found])
            self._columns[one.name] = found
        return self._columns[one.name]

    def _cursor(self, one: PulledObject) -> tuple[Column, Kind] | None:
        """The cursor column and its kind; None for a snapshot.

        Raises:
            PullError: There is no such column, or its type cannot be a cursor.
        """
        name = self._table(one).cursor
        if name is None:
            return None
        columns = self._described(one)
        column = next((each for each in columns if each.name == name), None)
        if column is None:
            raise PullError(
                f"there is no column `{name}`, which is the cursor of `{one.name}`",
                hint=f"it has the columns {', '.join(each.name for each in columns)}",
            )
        if column.kind is None:
            raise PullError(
                f"the column `{name}` of `{one.name}` cannot be a cursor: it is neither a time, a date nor a whole"
                f" number ({column.type})",
                hint="name another column, or cast it in a `query`; without `cursor`, each pull reads everything",
            )
        return column, column.kind

    def _refuse_unusable(self, one: PulledObject, column: Column) -> None:
        condition = self._database.unusable(column)
        if condition is not None and (rows := self._count(self._base(one), condition)):
            raise PullError(
                f"{counted(rows, 'row')} of `{one.name}` with a `{column.name}` that has no order among the others",
                hint="texts must be dates or times of ISO 8601, such as 2024-05-31T10:00:00Z; dates must not be"
                " infinite; numbers must be numbers. Correct these values, or convert or leave them out by a `query`",
            )

    def _literal(self, value: Value, kind: Kind) -> str:
        return literal(value, self._database.cast_types.get(kind))

    def _count(self, base: str, condition: str) -> int:
        found = self._scalar(select("count(*)", base, condition), Column("count", "", pa.int64()))
        return int(str(found))

    def _scalar(self, sql: str, column: Column) -> object:
        """The one value of a query, read like the values of its column."""
        tables = list(self._database.batches(sql, [column]))
        found: object = tables[0][column.name][0].as_py()
        return found

    def _read(self, sql: str, columns: list[Column]) -> Iterator[pa.Table]:
        """The rows of a query in pages."""
        pending: pa.Table | None = None
        for part in self._database.batches(sql, columns):
            pending = part if pending is None else pa.concat_tables([pending, part])
            while len(pending) >= self._settings.page_rows:
                yield pending[: self._settings.page_rows]
                pending = pending[self._settings.page_rows :]
            if pending.nbytes >= BATCH_BYTES:
                yield pending
                pending = None
        if pending is not None and len(pending):
            yield pending


def _refuse_equal_names(name: str, columns: Sequence[str]) -> None:
    """Refuse columns that a mapping cannot tell apart.

    Raises:
        PullError: The names of two columns are equal, or differ only in upper and lower case.
    """
    known: dict[str, str] = {}
    for column in columns:
        other = known.get(column.lower())
        if other is not None:
            twice = f"the column `{column}` twice"
            alike = f"the columns `{other}` and `{column}`, whose names differ only in upper and lower case"
            raise PullError(
                f"`{name}` has {twice if other == column else alike}",
                hint="a mapping cannot distinguish them: give each column a name of its own by a `query`",
            )
        known[column.lower()] = column
