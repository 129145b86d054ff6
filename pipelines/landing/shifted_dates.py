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
from pipelines.landing.entity_rows import Column, Columns
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
    connection: duckdb.DuckDBPyConnection, entry: SourceFiles, group: FileGroup, entity: str, part: Path, origins: str
) -> dict[DateColumn, int]:
    """The columns of an entity in which all times of a file are midnight, with the number of values on another day.

    Blocks of `unpivot` can read a column from different columns of the file. Each of these is a column by itself: one
    may have dates, and another one times.

    Args:
        connection: Any DuckDB.
        entry: The source.
        group: The group of the file.
        entity: The entity.
        part: The Parquet file with its rows, with times in UTC.
        origins: SQL of the rows with their blocks: record, content_hash, block.
    """
    business = entry.timezone
    shifted: dict[DateColumn, int] = {}
    if business is None:
        return shifted
    blocks = group.entities[entity].blocks()
    for name, spec, numbers in _read_from(entity, blocks):
        zones = [zone for zone in dict.fromkeys((entry.mapping.zone(group, spec), "UTC")) if zone != business]
        rows = f"read_parquet({quoting.files(part)})"
        if len(numbers) < len(blocks):
            theirs = f"select record, content_hash from ({origins}) where block in ({', '.join(map(str, numbers))})"  # noqa: S608 (numbers)
            rows = f"(select * from {rows} where (record, content_hash) in ({theirs}))"  # noqa: S608 (names are quoted)
        # zones take longer than the rest, and most columns have times with seconds
        if not zones or not _answers(connection, rows, [_without_seconds(name)])[0]:
            continue
        found = _answers(connection, rows, [_shifted(name, zone, business) for zone in zones])
        # only the first: midnight in London is also midnight in UTC in winter
        for zone, count in [one for one in zip(zones, found, strict=True) if one[1]][:1]:
            column = DateColumn(entry.mapping.source, f"{entity}.{name}", zone, business)
            shifted[column] = shifted.get(column, 0) + count
    return shifted


def _read_from(entity: str, blocks: Sequence[Columns]) -> Iterator[tuple[str, Column, list[int]]]:
    """The columns of times, each with what it is read from, and the numbers of the blocks that read it so."""
    for name, kind in ENTITIES[entity].columns.items():
        if kind is not ColumnType.TIMESTAMP or name == "updated_at":
            continue  # updated_at orders versions, and nothing counts on its day
        specs = [(number, block[name]) for number, block in enumerate(blocks) if name in block]
        for first, spec in specs:
            numbers = [number for number, other in specs if other == spec]
            if numbers[0] == first:
                yield name, spec, numbers


def _answers(connection: duckdb.DuckDBPyConnection, rows: str, aggregates: Sequence[str]) -> Sequence[int]:
    return connection.execute(f"select {', '.join(aggregates)} from {rows}").fetchall()[0]  # noqa: S608 (names are quoted)


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
