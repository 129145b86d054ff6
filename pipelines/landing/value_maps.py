"""Value maps of a mapping (`values`): the SQL that replaces a source's own values, and the values without an entry.

Values are compared without blanks at their ends, with each run of blanks as one, and regardless of case. A value
without an entry is never guessed: its record is quarantined (rule LND-009), and the run lists the value.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from pipelines.base import quoting
from pipelines.landing.binding import relation_of, sql_of
from pipelines.landing.cells import BLANKS
from pipelines.landing.entity_rows import Column
from pipelines.landing.mapping_values import ANY_OTHER
from pipelines.landing.model import FileGroup
from pipelines.landing.wordings import is_known

UNMAPPED = "landing_unmapped"
_RUN_OF_BLANKS = quoting.text(f"[{BLANKS}]+")

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class UnmappedValue:
    """A value of a file that a value map has no entry for.

    Attributes:
        location: The location of the column in the file group.
        value: The value.
        records: The number of records that have it.
    """

    location: Location
    value: str
    records: int


def column_sql(column: Column) -> str:
    """The SQL of a column: its expression, with its value map if it has one. An unknown value becomes NULL."""
    if column.values is None:
        return sql_of(column.sql)
    cases, other, empty = [], "null", "null"
    for key, value in column.values.items():
        meaning = "null" if value is None else quoting.text(value)
        if key == ANY_OTHER:
            other = _text(column) if value == ANY_OTHER else meaning
        elif not key.strip(BLANKS):
            empty = meaning
        else:
            cases.append(f"when {_word(quoting.text(key))} then {meaning}")
    known = f"case {_word(_text(column))} {' '.join(cases)} else {other} end" if cases else other
    return f"(case when {_is_empty(column)} then {empty} else {known} end)::varchar"


def has_open_maps(group: FileGroup) -> bool:
    """Whether a group has a value map that may lack an entry for a value."""
    return any(True for _ in _open_columns(group))


def find_unmapped(connection: duckdb.DuckDBPyConnection, group: FileGroup, kept: str) -> None:
    """Create the table of records whose values have no entry: record, location, value.

    Args:
        connection: Has the view of the file's records.
        group: The group of the file.
        kept: The SQL condition of records that no skip takes.
    """
    connection.execute(f"create or replace temp table {UNMAPPED} (record bigint, location varchar, value varchar)")
    for location, column in _open_columns(group):
        rows = group.entities[str(location[1])]
        records = relation_of(group, rows, f"{kept} and coalesce({sql_of(rows.where)}, false)")
        known = ", ".join(_word(quoting.text(key)) for key in column.values or {})
        connection.execute(
            f"insert into {UNMAPPED} select distinct landing_record, {quoting.text(_joined(location))}, {_text(column)}"  # noqa: S608 (names are quoted)
            f" from {records} where {is_known(rows)} and not {_is_empty(column)}"
            f" and {_word(_text(column))} not in ({known})"
        )


def unmapped_values(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> list[UnmappedValue]:
    """The values without an entry, the most frequent ones of each column first."""
    locations = {_joined(location): location for location, _ in _open_columns(group)}
    found = connection.execute(
        f"select location, value, count(*) from {UNMAPPED} group by all order by location, count(*) desc, value"  # noqa: S608 (names of ours)
    ).fetchall()
    return [UnmappedValue(locations[location], value, records) for location, value, records in found]


def _open_columns(group: FileGroup) -> Iterator[tuple[Location, Column]]:
    """The columns whose value map has no entry for any other value, with their locations in the group."""
    for name, rows in group.entities.items():
        places: list[tuple[Location, dict[str, Column]]] = [(("entities", name, "columns"), rows.columns)]
        places += [(("entities", name, "unpivot", number), block) for number, block in enumerate(rows.unpivot)]
        for at, columns in places:
            for column, spec in columns.items():
                if spec.values is not None and ANY_OTHER not in spec.values:
                    yield (*at, column), spec


def _joined(location: Location) -> str:
    return ".".join(map(str, location))


def _text(column: Column) -> str:
    return f"trim(cast({sql_of(column.sql)} as varchar), {quoting.text(BLANKS)})"


def _is_empty(column: Column) -> str:
    return f"coalesce({_text(column)}, '') = ''"


def _word(text: str) -> str:
    """SQL of the form in which values are compared."""
    return f"lower(regexp_replace(trim({text}, {quoting.text(BLANKS)}), {_RUN_OF_BLANKS}, ' ', 'g'))"
