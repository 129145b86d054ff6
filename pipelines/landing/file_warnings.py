"""Warnings about a file that lands: its end may be cut off, a date can be read in two ways, or a look-up has no value
or several values for a key.

The file lands nevertheless. The ledger records the counts, and the run shows the warnings.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from pipelines.base.text import counted, printable_name
from pipelines.landing.lookups import Found
from pipelines.landing.readers.relation import Reading, UnterminatedRecord
from pipelines.landing.rows import RowSql
from pipelines.landing.time_columns import TimeColumn


@dataclass(frozen=True)
class FileWarnings:
    """What may be wrong with a file, for the ledger and for the user.

    Attributes:
        ambiguous_times: Per entity, the number of values that can be read as different dates.
        may_be_cut_off: Whether the file may be cut off inside its last field.
        lookup_missing: Per entity, the number of records whose key has no row in a look-up.
        lookup_differs: Per entity, the number of records whose key has several values in a look-up.
        messages: The messages for the user.
    """

    ambiguous_times: Mapping[str, int] = field(default_factory=dict)
    may_be_cut_off: bool = False
    lookup_missing: Mapping[str, int] = field(default_factory=dict)
    lookup_differs: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


NO_WARNINGS = FileWarnings()


def is_cut_off(connection: duckdb.DuckDBPyConnection, sql: RowSql, last: UnterminatedRecord) -> bool:
    """Whether a file is cut off inside its last field.

    This is so if the last record has no line end, its last field is shorter than in all other records (or there are no
    others), and a value made from the field does not fit its type.
    """
    if not (last.is_short or last.is_alone):
        return False
    query = sql.misfit(last.record, last.column)
    return query is not None and bool(connection.execute(query).fetchall()[0][0])


def find_warnings(
    connection: duckdb.DuckDBPyConnection,
    sql: RowSql,
    file_name: str,
    reading: Reading,
    found: Sequence[Found] = (),
) -> FileWarnings:
    """Check a file that has been read.

    Args:
        connection: Has the view of the file's records.
        sql: The SQL of the file's rows.
        file_name: The file's name, for the messages.
        reading: The file that has been read.
        found: What the records found in look-ups.
    """
    name = printable_name(file_name)
    messages = [f"{name}: {warning}" for warning in reading.warnings]
    may_be_cut_off = False
    for last in reading.unterminated:
        cut_off = last.record in sql.cut_off
        if not (cut_off or last.is_short):
            continue
        may_be_cut_off = True
        why = "does not fit its type" if cut_off else "is shorter than in every other record"
        outcome = "is unreadable (LND-008)" if cut_off else "has landed"
        messages.append(
            f"{name}: the file may be cut off inside its last record. The record has no line end, and its"
            f" `{printable_name(last.column)}` {why}. The record {outcome}. Records after it may be missing."
            " Compare the file with the source, and deliver it again if it is not complete."
        )
    ambiguous = Counter[str]()
    for column in sql.time_columns():
        if column.contradicting():
            ((values, twice),) = connection.execute(column.count_ambiguous()).fetchall()
            ambiguous[column.entity] += twice
            if twice:
                messages.append(f"{name}: {_ambiguous(column, values, twice)}")
        if column.exchanged():
            ((only, twice),) = connection.execute(column.count_exchanged()).fetchall()
            ambiguous[column.entity] += twice if only else 0
            if only:
                messages.append(f"{name}: {_exchanged(column, only, twice)}")
    messages += [f"{name}: {message}" for message in [*sql.unmapped(connection), *sql.questions(connection)]]
    missing, differs = Counter[str](), Counter[str]()
    for one in found:
        missing.update(one.missing)
        differs.update(one.differs)
        messages += [f"{name}: {message}" for message in one.messages]
    return FileWarnings(ambiguous, may_be_cut_off, missing, differs, tuple(messages))


def _ambiguous(column: TimeColumn, values: int, twice: int) -> str:
    listed = " and ".join(f"`{form}`" for form in column.contradicting())
    return (
        f"the declared formats {listed} read {twice:,} of {counted(values, 'value')} of {column.entity}.{column.name}"
        " as different dates. The first format is used, so these dates may be wrong. Under `timestamps` in the mapping,"
        " declare only the format that the source writes"
    )


def _exchanged(column: TimeColumn, only: int, twice: int) -> str:
    listed = " or ".join(f"`{form}`" for form in column.exchanged())
    return (
        f"{counted(only, 'value')} of {column.entity}.{column.name} can only be read as {listed}, which the mapping"
        f" does not declare. They are quarantined. The same file has {twice:,} others in which day and month may be"
        " exchanged, so these dates may be wrong. Under `timestamps` in the mapping, declare the format that the source"
        " writes"
    )
