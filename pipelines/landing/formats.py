"""Time formats that contradict each other: two declared formats read the same text as two different dates.

The formats of a column are tried in order, so the first one reads such a text. This module checks only the mapping,
with sample texts. The affected values of a file are counted when the file lands (rows.py).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import duckdb

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.landing import normal
from pipelines.landing.entity_rows import Column, Columns
from pipelines.landing.model import FileGroup, Mapping

# No two parts of a time are equal, and no part that could be a day or a month is above 12. The last two are at noon and
# at midnight.
_TIMES = ("2001-02-03 04:05:06", "2012-11-10 09:08:07", "2006-05-04 12:03:02", "2010-09-08 00:00:00")
_AS_TEXT = {"iso": ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")}


@dataclass(frozen=True)
class Conflict:
    """Two formats that read the same text as two dates.

    Attributes:
        first: The format that is tried first.
        second: The other format.
        text: A text that both can read.
        dates: The date by the first format and by the second.
    """

    first: str
    second: str
    text: str
    dates: tuple[str, str]


def in_force(kind: ColumnType, group: FileGroup, spec: Column) -> tuple[str, ...]:
    """The formats of a column, in the order in which they are tried. A column of dates always accepts ISO dates."""
    formats = spec.timestamps or group.timestamps
    return formats if kind is not ColumnType.DATE or "iso" in formats else (*formats, "iso")


@lru_cache(maxsize=256)
def conflicts(formats: tuple[str, ...]) -> tuple[Conflict, ...]:
    """The pairs of formats that contradict each other, each with one example.

    `epoch_s` before `epoch_ms` is not a contradiction: the number of digits distinguishes them.
    """
    pairs = [pair for pair in combinations(formats, 2) if pair != ("epoch_s", "epoch_ms") and pair[0] != pair[1]]
    if not pairs:
        return ()
    with small_query_connection() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return tuple(found for pair in pairs if (found := _conflict(connection, *pair)) is not None)


def contradictions(mapping: Mapping) -> Iterator[str]:
    """A warning for each declaration in a mapping and each pair of formats that contradict each other."""
    reported = set()
    for index, group in enumerate(mapping.files):
        for location, kind, spec in _times(group):
            own = (*location, "timestamps") if spec.timestamps else ("timestamps",)
            where = mapping.where(("files", index, *own))
            for one in conflicts(in_force(kind, group, spec)):
                if (where, one.first, one.second) not in reported:
                    reported.add((where, one.first, one.second))
                    yield (
                        f"{where}: the formats `{one.first}` and `{one.second}` read the same text as two different"
                        f" dates: `{one.text}` is {one.dates[0]} or {one.dates[1]}. The first format that fits is used,"
                        " so some dates may be wrong. Declare only the format that the source writes."
                    )


def _times(group: FileGroup) -> Iterator[tuple[tuple[str | int, ...], ColumnType, Column]]:
    """The columns of times and dates in a group, with their locations."""
    for name, rows in group.entities.items():
        at: tuple[str | int, ...] = ("entities", name)
        places: list[tuple[tuple[str | int, ...], Columns]] = [((*at, "columns"), rows.columns)]
        places += [((*at, "unpivot", number), block) for number, block in enumerate(rows.unpivot)]
        for place, block in places:
            for column, spec in block.items():
                kind = ENTITIES[name].columns[column]
                if kind in normal.TIMES:
                    yield (*place, column), kind, spec


def _conflict(connection: duckdb.DuckDBPyConnection, first: str, second: str) -> Conflict | None:
    texts = ", ".join(
        f"({_written(quoting.text(time), written)})"
        for time in _TIMES
        for form in (first, second)
        for written in _AS_TEXT.get(form, (form,))
    )
    a, b = (f"{normal.instant('text', form, 'UTC')} as {name}" for form, name in ((first, "a"), (second, "b")))
    try:
        found = connection.execute(
            f"select text, cast(a as varchar), cast(b as varchar) from (select text, {a}, {b}"  # noqa: S608 (names are quoted)
            f" from (values {texts}) as texts (text)) where {normal.differ(['a', 'b'])} limit 1"
        ).fetchall()
    except duckdb.Error:
        return None  # an invalid format is reported where it is used
    for text, one, other in found:
        whole = one[10:] != other[10:]
        return Conflict(first, second, text, (one, other) if whole else (one[:10], other[:10]))
    return None


def _written(time: str, form: str) -> str:
    """SQL that writes a time as text in a format."""
    if form in normal.EXCEL_DAYS:
        return f"cast(epoch(timestamp {time} - timestamp '{normal.EXCEL_DAYS[form][0]}') / 86400 as varchar)"
    if form in ("epoch_s", "epoch_ms"):
        return f"cast({form.replace('epoch_s', 'epoch')}(timestamp {time}) as bigint)::varchar"
    return f"strftime(timestamp {time}, {quoting.text(form)})"


def involved(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats that contradict another one of the given formats."""
    found = {form for one in conflicts(tuple(formats)) for form in (one.first, one.second)}
    return tuple(form for form in formats if form in found)


def exchanged(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats with day and month exchanged that a source may have meant and that are not declared.

    A format that begins with the year has the month next everywhere, so it is not exchanged.
    """
    swap = {"%m": "%d", "%d": "%m"}
    others = (
        re.sub("%[md]", lambda found: swap[str(found[0])], form) for form in formats if re.match("%[md].*%[md]", form)
    )
    return tuple(form for form in others if form not in formats)
