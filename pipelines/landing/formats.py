"""Formats of times that contradict each other: one text that two declared formats read as two different dates.

The formats of a column are tried in order, so that such a text is read by the first. Which value that concerns is seen
when a file lands (rows.py); here the mapping alone is asked, with texts of our own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import duckdb

from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.landing import normal
from pipelines.landing.expressions import quote_text
from pipelines.landing.model import Column, Columns, FileGroup, Mapping

# No two parts of a time are equal, none is above 12 where a day or a month could be meant; noon and midnight.
_TIMES = ("2001-02-03 04:05:06", "2012-11-10 09:08:07", "2006-05-04 12:03:02", "2010-09-08 00:00:00")
_AS_TEXT = {"iso": ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")}


@dataclass(frozen=True)
class Conflict:
    """Two formats that read one text as two dates.

    Attributes:
        first: The format that is tried first.
        second: The other.
        text: A text that both read.
        dates: What it is by the one and by the other.
    """

    first: str
    second: str
    text: str
    dates: tuple[str, str]


def in_force(kind: ColumnType, group: FileGroup, spec: Column) -> tuple[str, ...]:
    """The formats in which a column is read, in order; what is an ISO date already is one in a column of dates."""
    formats = spec.timestamps or group.timestamps
    return formats if kind is not ColumnType.DATE or "iso" in formats else (*formats, "iso")


@lru_cache(maxsize=256)
def conflicts(formats: tuple[str, ...]) -> tuple[Conflict, ...]:
    """The pairs of formats that contradict each other, each with one example.

    Seconds before milliseconds since 1970 do not: the number of digits tells them apart.
    """
    pairs = [pair for pair in combinations(formats, 2) if pair != ("epoch_s", "epoch_ms") and pair[0] != pair[1]]
    if not pairs:
        return ()
    with connect(threads=1) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return tuple(found for pair in pairs if (found := _conflict(connection, *pair)) is not None)


def contradictions(mapping: Mapping) -> Iterator[str]:
    """What to say about a mapping whose formats contradict each other; each declaration and pair once."""
    said = set()
    for index, group in enumerate(mapping.files):
        for location, kind, spec in _times(group):
            own = (*location, "timestamps") if spec.timestamps else ("timestamps",)
            where = mapping.where(("files", index, *own))
            for one in conflicts(in_force(kind, group, spec)):
                if (where, one.first, one.second) not in said:
                    said.add((where, one.first, one.second))
                    yield (
                        f"{where}: the formats `{one.first}` and `{one.second}` read the same text as two different"
                        f" dates: `{one.text}` is {one.dates[0]} or {one.dates[1]}. The first that fits is used, so the"
                        " dates of one column may be mixed up. Declare the one format that the source writes."
                    )


def _times(group: FileGroup) -> Iterator[tuple[tuple[str | int, ...], ColumnType, Column]]:
    """The columns of a group that hold times and dates, with their locations."""
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
        f"({_written(quote_text(time), written)})"
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
        return None  # a format that is none is refused where it is used
    for text, one, other in found:
        whole = one[10:] != other[10:]
        return Conflict(first, second, text, (one, other) if whole else (one[:10], other[:10]))
    return None


def _written(time: str, form: str) -> str:
    """SQL of a time as text."""
    if form in ("epoch_s", "epoch_ms"):
        return f"cast({form.replace('epoch_s', 'epoch')}(timestamp {time}) as bigint)::varchar"
    return f"strftime(timestamp {time}, {quote_text(form)})"


def involved(formats: Sequence[str]) -> tuple[str, ...]:
    """Those of the formats that contradict another."""
    found = {form for one in conflicts(tuple(formats)) for form in (one.first, one.second)}
    return tuple(form for form in formats if form in found)
