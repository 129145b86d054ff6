"""Finds values of a recognised export that its built-in mapping reads and that staging would reject or read wrongly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.text import counted
from pipelines.config.values import DateOrder
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import NUMBERS
from pipelines.drafting.numbers import numbers_of
from pipelines.drafting.text import scalars
from pipelines.drafting.times import difference, is_ordered, times_of
from pipelines.drafting.zones import beginning
from pipelines.landing import normal
from pipelines.landing.binding import references, relation_of, sql_of, text_of
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read

_LEAST_REJECTED = 0.1  # of the values: a few wrong ones are reported by the run


def rejected_values(
    path: Path, group: FileGroup, zone: str, today: date, order: DateOrder | None = None
) -> tuple[Remark, ...]:
    """Remarks on times and numbers that staging would reject, and on dates that can be read in two ways, per column.

    Each remark says what to do.

    Args:
        path: The file. Of a large text file only the beginning is read.
        group: The entry.
        zone: The zone of times without an offset.
        today: The current day.
        order: The order of day and month that the user has stated; None if they have not.

    Raises:
        InputError: The file cannot be read.
    """
    doubts: dict[frozenset[tuple[str, ...]], Remark] = {}
    with _opened(path, group) as connection:
        for name, rows in group.entities.items():
            columns = list(_columns_to_check(name, rows, zone))
            for checked in _rejected_columns(connection, group, rows, columns):
                if checked.source_columns not in doubts:
                    doubts[checked.source_columns] = _doubt(connection, group, rows, checked, today)
            for checked in columns:
                is_open = checked.kind in normal.TIMES and checked.source_columns not in doubts
                if is_open and (remark := _ambiguous_dates(connection, group, rows, checked, today, order)):
                    doubts[checked.source_columns] = remark
    return tuple(doubts.values())


@dataclass(frozen=True)
class _CheckedColumn:
    """A column to check, and how many of its values staging would reject."""

    column: str
    spec: Column
    kind: ColumnType
    zone: str
    n_values: int = 0
    n_rejected: int = 0
    example: str = ""

    @property
    def source_columns(self) -> frozenset[tuple[str, ...]]:
        """The source columns that it reads."""
        return references(self.spec.sql)


def _columns_to_check(name: str, rows: EntityRows, zone: str) -> Iterator[_CheckedColumn]:
    """The times and numbers of an entity that are read from a file."""
    for block in rows.blocks():
        for column, spec in block.items():
            kind = ENTITIES[name].columns[column]
            is_answer = (name, column) == ("survey_answers", "answer_number")  # answers of all kinds of questions
            if kind in (*NUMBERS, *normal.TIMES) and not spec.values and references(spec.sql) and not is_answer:
                yield _CheckedColumn(column, spec, kind, spec.timezone or zone)


@contextmanager
def _opened(path: Path, group: FileGroup) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory() as folder, connect(spill=Path(folder), threads=1) as connection:
        read(connection, beginning(path, group, Path(folder)), group, Path(folder))
        yield connection


def _rejected_columns(
    connection: duckdb.DuckDBPyConnection, group: FileGroup, rows: EntityRows, columns: list[_CheckedColumn]
) -> Iterator[_CheckedColumn]:
    """The columns of which staging would reject many values. One query checks all columns of the entity."""
    if not columns:
        return
    source = _source(group, rows)
    kinds = connection.execute(f"describe select {', '.join(sql_of(one.spec.sql) for one in columns)} from {source}")  # noqa: S608 (names are quoted)
    texts = [one for one, about in zip(columns, kinds.fetchall(), strict=True) if about[1] == "VARCHAR"]
    if not texts:
        return  # the expressions compute these values
    values = ", ".join(f"{text_of(one.spec.sql)} as v{number}" for number, one in enumerate(texts))
    made = ", ".join(_normal(group, one, f"v{number}") + f" as m{number}" for number, one in enumerate(texts))
    wrong = [f"v{number} is not null and not {normal.fits(one.kind, f'm{number}')}" for number, one in enumerate(texts)]
    counts = ", ".join(
        f"count(v{number}), count(*) filter ({is_wrong}), min(v{number}) filter ({is_wrong})"
        for number, is_wrong in enumerate(wrong)
    )
    found = connection.execute(
        f"select {counts} from (select *, {made} from (select {values} from {source}))"  # noqa: S608 (names are quoted)
    ).fetchall()[0]
    for number, one in enumerate(texts):
        total, rejected, example = found[3 * number : 3 * number + 3]
        if rejected and rejected >= _LEAST_REJECTED * total:
            yield replace(one, n_values=total, n_rejected=rejected, example=example)


def _normal(group: FileGroup, checked: _CheckedColumn, value: str) -> str:
    """SQL of a value in the form that staging accepts."""
    formats = checked.spec.timestamps or group.timestamps
    return normal.normal(checked.kind, checked.column, value, "VARCHAR", formats, checked.zone)


def _source(group: FileGroup, rows: EntityRows) -> str:
    where = f" where {sql_of(rows.where)}" if rows.where else ""
    return f"{relation_of(group, rows)}{where}"


def _doubt(
    connection: duckdb.DuckDBPyConnection, group: FileGroup, rows: EntityRows, checked: _CheckedColumn, today: date
) -> Remark:
    """The remark on a column of which staging would reject many values."""
    column, spec, kind = checked.column, checked.spec, checked.kind
    _create_values_table(connection, group, rows, spec)
    is_time = kind in normal.TIMES
    advice = _times(connection, group, kind, today) if is_time else _numbers(connection, column, spec)
    unread = f"no format of the built-in mapping reads them, such as `{checked.example}`"
    what = unread if is_time else "they are not numbers"
    values = f"{checked.n_rejected:,} of {counted(checked.n_values, 'value', 'values')}"
    return decisive(
        f"{column}: {values} in {_quoted_sources(checked)} would be rejected: {what}. Export the file again, and do"
        f" not save it in a spreadsheet program; or in this mapping, under `files`, {advice} for {_entry_name(group)}"
    )


def _create_values_table(
    connection: duckdb.DuckDBPyConnection, group: FileGroup, rows: EntityRows, spec: Column
) -> None:
    """Create the temporary table `draft_values` with the values of a column."""
    connection.execute(
        f"create or replace temp table draft_values as select value from (select {text_of(spec.sql)} as value"  # noqa: S608 (names are quoted)
        f" from {_source(group, rows)}) where value is not null"
    )


def _quoted_sources(checked: _CheckedColumn) -> str:
    return " or ".join(f"`{'.'.join(path)}`" for path in sorted(checked.source_columns))


def _entry_name(group: FileGroup) -> str:
    return f"the entry `{group.name}`" if group.name else "their entry"


def _ambiguous_dates(
    connection: duckdb.DuckDBPyConnection,
    group: FileGroup,
    rows: EntityRows,
    checked: _CheckedColumn,
    today: date,
    order: DateOrder | None,
) -> Remark | None:
    """The remark on dates that another format fits as well or better, with other days; None if there are none."""
    known = tuple(checked.spec.timestamps or group.timestamps)
    ordered = [form for form in known if is_ordered(form)]
    if not ordered:
        return None
    _create_values_table(connection, group, rows, checked.spec)

    def query(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    times = times_of(query, "(select value from draft_values)", checked.kind, today, order)
    for own in ordered:
        for other in (form for form in (*times.formats[:1], times.other) if form and form not in known):
            if differs := difference(query, own, other, checked.kind):
                text, first, second, n_values = differs
                formats = scalars((other, *(form for form in known if form not in ordered)))
                return decisive(
                    f"{checked.column}: {counted(n_values, 'value', 'values')} in {_quoted_sources(checked)} can be"
                    f" read as `{own}`, which the built-in mapping uses, or as `{other}`: `{text}` is {first} or"
                    f" {second}. If `{other}` is right, write `timestamps: {formats}` for {_entry_name(group)} in this"
                    " mapping, under `files`; otherwise only remove this mark",
                    "dates",
                )
    return None


def _times(connection: duckdb.DuckDBPyConnection, group: FileGroup, kind: ColumnType, today: date) -> str:
    """What to write for times, such as their format."""
    times = times_of(lambda sql: connection.execute(sql).fetchall(), "(select value from draft_values)", kind, today)
    if not times.formats:
        return "write the format of these times under `timestamps`"
    known = tuple(dict.fromkeys((*times.formats, *group.timestamps)))
    other = f" (or `{times.other}` instead of the first one: both read every value)" if times.other else ""
    return f"write `timestamps: {scalars(known)}`{other}"


def _numbers(connection: duckdb.DuckDBPyConnection, column: str, spec: Column) -> str:
    """What to write for numbers, such as an expression that makes them plain."""
    numbers = numbers_of(lambda sql: connection.execute(sql).fetchall(), "draft_values", "value")
    text = spec.sql.strip()
    if not numbers.sql:
        return f"write an expression for `{column}` that reads them"
    own = quoting.name(text) if references(text) == {(text,)} else f"({text})"
    return f"write the column `{column}: {numbers.sql.replace('{}', own)}` (they are written {numbers.why})"
