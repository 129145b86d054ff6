"""Finds dates without a time that are another day in the zone of the business than in the zone of the mapping.

A date is read as midnight in the `timezone` of the mapping. In a zone further west this is the evening before, so the
rows count one day too early. No other check finds this, because all values are valid.
"""

from collections.abc import Iterator, Mapping
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


def other_days(
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
    columns = {
        DateColumn(entry.mapping.source, f"{entity}.{column}", zone, business): column
        for block in group.entities[entity].blocks()
        for column, spec in block.items()
        if ENTITIES[entity].columns[column] is ColumnType.TIMESTAMP
        and column != "updated_at"  # it orders versions, and nothing counts on its day
        and (zone := entry.mapping.zone(group, spec)) != business
    }
    if not columns:
        return
    select = ", ".join(_counts(name, one.zone, business) for one, name in columns.items())
    (counts,) = connection.execute(f"select {select} from read_parquet({quoting.files(part)})").fetchall()  # noqa: S608 (names are quoted)
    for index, column in enumerate(columns):
        times, dates, others = counts[3 * index : 3 * index + 3]
        if others and dates == times:
            yield column, others


def messages(found: Mapping[DateColumn, tuple[int, int]]) -> Iterator[str]:
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


def _counts(column: str, zone: str, business: str) -> str:
    """The number of times, of those that are the midnight of a day in the zone, and of those on another day."""
    text = f"try_cast({quoting.name(column)} as timestamp)"
    # a zone cannot be applied to infinity, nor to the first and last days that a timestamp can have
    time = f"case when {text} between timestamp '0001-01-02' and timestamp '9999-12-30' then {text} end"
    there, here = (f"timezone({quoting.text(one)}, timezone('UTC', {time}))" for one in (zone, business))
    # where clocks go forward at midnight, the day begins at 01:00, and landing has read the date as this time
    midnight = f"timezone({quoting.text(zone)}, date_trunc('day', {there}))"
    return (
        f"count({time}),"
        f" count(*) filter (cast({there} as time) = '00:00' or {midnight} = timezone('UTC', {time})),"
        f" count(*) filter (cast({there} as date) <> cast({here} as date))"
    )
