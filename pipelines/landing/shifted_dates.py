"""Finds dates without a time that are another day in the zone of the business than in the zone of the mapping.

A date is read as midnight in the `timezone` of the mapping, or in UTC if the source writes it with this offset. In a
zone further west this is the evening before, so the rows count one day too early. No other check finds this, because
all values are valid.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.text import counted
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.model import FileGroup


@dataclass(frozen=True)
class DateColumn:
    """A column of a source whose values in a file are dates without a time.

    Attributes:
        source: The source.
        name: The column, with its entity.
        zone: The zone in which the dates are read.
        business: The zone of the business.
    """

    source: str
    name: str
    zone: str
    business: str


def shifted_dates(
    connection: duckdb.DuckDBPyConnection, entry: SourceFiles, group: FileGroup, entity: str, part: Path
) -> Iterator[tuple[DateColumn, int]]:
    """The columns of an entity in which all times of a file are midnight, with the number of values on another day.

    Args:
        connection: Any DuckDB.
        entry: The source.
        group: The group of the file.
        entity: The entity.
        part: The Parquet file with its rows, with times in UTC.
    """
    business = entry.timezone
    if business is None:
        return
    columns = [
        (column, DateColumn(entry.mapping.source, f"{entity}.{column}", zone, business))
        for block in group.entities[entity].blocks()
        for column, spec in block.items()
        if ENTITIES[entity].columns[column] is ColumnType.TIMESTAMP
        and column != "updated_at"  # it orders versions, and nothing counts on its day
        for zone in (entry.mapping.zone(group, spec), "UTC")
        if zone != business
    ]
    # zones take longer than the rest, and most columns have times with seconds
    dated = _answers(connection, part, [_without_seconds(name) for name, _ in columns])
    columns = [one for one, is_dated in zip(columns, dated, strict=True) if is_dated]
    found = _answers(connection, part, [_shifted(name, one.zone, business) for name, one in columns])
    named = set[str]()
    for (name, column), shifted in zip(columns, found, strict=True):
        if shifted and name not in named:
            named.add(name)  # midnight in London is also midnight in UTC in winter
            yield column, shifted


def _answers(connection: duckdb.DuckDBPyConnection, part: Path, aggregates: Sequence[str]) -> Sequence[int]:
    if not aggregates:
        return ()
    query = f"select {', '.join(aggregates)} from read_parquet({quoting.files(part)})"  # noqa: S608 (names are quoted)
    return connection.execute(query).fetchall()[0]


def shifted_date_warnings(found: Mapping[DateColumn, tuple[int, int]]) -> Iterator[str]:
    """A warning for each column.

    Args:
        found: For each column, the number of values on another day, and the number of files with such values.
    """
    for column, (values, files) in found.items():
        yield (
            f"{column.source}: the times of {column.name} in {counted(files, 'file')} ({counted(values, 'value')}) are"
            f" dates without a time. They are read as midnight in {column.zone}. In {column.business}, the zone of the"
            " business, this is another day, and they count on that day. If they are days of the business, write"
            f" `timezone: {column.business}` for these files in the mapping. If they also have an offset"
            " (2024-05-31T00:00:00Z), map only the date too: `left(column, 10)`"
        )


def _without_seconds(column: str) -> str:
    """Whether there are texts in the normal form of a time, and none of them has seconds."""
    name = quoting.name(column)
    return f"coalesce(bool_and({name} like '%:00') filter ({name} like '____-__-__ __:__:%'), false)"


def _shifted(column: str, zone: str, business: str) -> str:
    """The number of times on another day in the zone of the business; 0 if not all are the midnight of a day."""
    text = f"try_cast({quoting.name(column)} as timestamp)"
    # a zone cannot be applied to infinity, nor to the first and last days that a timestamp can have
    time = f"case when {text} between timestamp '0001-01-02' and timestamp '9999-12-30' then {text} end"
    there, here = (f"timezone({quoting.text(one)}, timezone('UTC', {time}))" for one in (zone, business))
    # where clocks go forward at midnight, the day begins at 01:00, and landing has read the date as this time
    midnight = f"timezone({quoting.text(zone)}, date_trunc('day', {there}))"
    is_midnight = f"cast({there} as time) = '00:00' or {midnight} = timezone('UTC', {time})"
    return (
        f"case when bool_and({is_midnight}) then"
        f" count(*) filter (cast({there} as date) <> cast({here} as date)) else 0 end"
    )
