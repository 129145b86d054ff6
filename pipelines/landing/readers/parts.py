"""Collects the parts of one file (sheets, members of an archive) in the view `landing_source`, one after the other.

Records are counted through all parts, so that a number means one record of the file. Lines are counted in each part.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.base.text import printable_name
from pipelines.landing.binding import RELATION
from pipelines.landing.readers.relation import Reading

_PARTS = "landing_parts"


class Parts:
    """The parts that have been read.

    Args:
        connection: The DuckDB in which each part is read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._reading = Reading(0)
        self._is_begun = False

    def add(self, part: str, reading: Reading) -> None:
        """Keep the records of a part that a reader has just read."""
        before = self._reading
        offset = before.records + len(before.spans)
        rows = (
            f"select * replace (landing_record + {offset} as landing_record, {quoting.text(part)} as landing_part)"  # noqa: S608 (names are quoted)
            f" from {RELATION}"
        )
        if self._is_begun:
            self._connection.execute(f"insert into {_PARTS} by name {rows}")
        else:
            self._connection.execute(f"create or replace temp table {_PARTS} as {rows}")
        self._is_begun = True
        spans = (replace(span, record=span.record + offset, part=part) for span in reading.spans)
        ends = (replace(last, record=last.record + offset) for last in reading.unterminated)
        warnings = (f"{printable_name(part)}: {warning}" for warning in reading.warnings)
        self._reading = Reading(
            before.records + reading.records,
            (*before.spans, *spans),
            (*before.unterminated, *ends),
            (*before.warnings, *warnings),
        )

    def finish(self, warnings: tuple[str, ...] = ()) -> Reading:
        """Create the view of the records of all parts. `warnings` are about the whole file."""
        self._connection.execute(f"create or replace temp view {RELATION} as from {_PARTS}")
        return replace(self._reading, warnings=(*warnings, *self._reading.warnings))


@contextmanager
def naming(part: str) -> Iterator[None]:
    """Errors inside the block begin with the name of the part."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{printable_name(part)}: {error.message}", hint=error.hint) from error
