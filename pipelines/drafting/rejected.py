"""Finds values of a recognised export that its built-in mapping reads and that staging would reject."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import NUMBERS
from pipelines.drafting.numbers import numbers_of
from pipelines.drafting.text import scalars
from pipelines.drafting.times import times_of
from pipelines.drafting.zones import beginning
from pipelines.landing import normal
from pipelines.landing.binding import references, relation_of, sql_of, text_of
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read

_LEAST_REJECTED = 0.1  # of the values: a few wrong ones are reported by the run


def rejected_values(path: Path, group: FileGroup, zone: str, today: date) -> tuple[Remark, ...]:
    """Times and numbers that staging would reject, per column that an entry reads, with what to do.

    Args:
        path: The file. Of a large text file only the beginning is read.
        group: The entry.
        zone: The zone of times without an offset.
        today: The current day.

    Raises:
        InputError: The file cannot be read.
    """
    doubts: dict[frozenset[tuple[str, ...]], Remark] = {}
    with _opened(path, group) as connection:
        for name, rows in group.entities.items():
            for column, spec in ((column, spec) for block in rows.blocks() for column, spec in block.items()):
                kind, read = ENTITIES[name].columns[column], references(spec.sql)
                if kind not in (*NUMBERS, *normal.TIMES) or spec.values or not read or read in doubts:
                    continue
                if (name, column) == ("survey_answers", "answer_number"):
                    continue  # it has answers of all kinds of questions
                if remark := _doubt(connection, group, rows, column, spec, kind, spec.timezone or zone, today):
                    doubts[read] = remark
    return tuple(doubts.values())


@contextmanager
def _opened(path: Path, group: FileGroup) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory() as folder, connect(spill=Path(folder), threads=1) as connection:
        read(connection, beginning(path, group, Path(folder)), group, Path(folder))
        yield connection


def _doubt(
    connection: duckdb.DuckDBPyConnection,
    group: FileGroup,
    rows: EntityRows,
    column: str,
    spec: Column,
    kind: ColumnType,
    zone: str,
    today: date,
) -> Remark | None:
    """A remark if staging would reject many values of a column."""
    where = f" where {sql_of(rows.where)}" if rows.where else ""
    source = f"{relation_of(group, rows)}{where}"
    about = connection.execute(f"describe select {sql_of(spec.sql)} from {source}").fetchall()  # noqa: S608 (names are quoted)
    if about[0][1] != "VARCHAR":
        return None  # the expression computes it
    connection.execute(
        f"create or replace temp table draft_values as select value from (select {text_of(spec.sql)} as value"  # noqa: S608 (names are quoted)
        f" from {source}) where value is not null"
    )
    formats = spec.timestamps or group.timestamps
    made = normal.normal(kind, column, "value", "VARCHAR", formats, zone)
    found = connection.execute(
        f"select count(*), count(*) filter (not {normal.fits(kind, 'made')}),"  # noqa: S608 (names of ours)
        f" min(value) filter (not {normal.fits(kind, 'made')}) from (select value, {made} as made from draft_values)"
    ).fetchone()
    total, rejected, example = found or (0, 0, None)
    if not rejected or rejected < _LEAST_REJECTED * total:
        return None
    names = " or ".join(f"`{'.'.join(path)}`" for path in sorted(references(spec.sql)))
    is_time = kind in normal.TIMES
    advice = _times(connection, group, kind, today) if is_time else _numbers(connection, column, spec)
    what = f"no format of the built-in mapping reads them, such as `{example}`" if is_time else "they are not numbers"
    values = f"{rejected:,} of {counted(total, 'value', 'values')}"
    place = f"the entry `{group.name}`" if group.name else "their entry"
    return decisive(
        f"{column}: {values} in {names} would be rejected: {what}. Export the file again, and do not save it in a"
        f" spreadsheet program; or in this mapping, under `files`, {advice} for {place}"
    )


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
