"""What may be wrong with a file that lands: an end that looks cut off, and times that two formats read differently.

The file lands nevertheless; the ledger keeps the counts, and the run warns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from pipelines.base.text import printable_name
from pipelines.landing.relation import OpenEnd
from pipelines.landing.rows import RowSql


@dataclass(frozen=True)
class Doubts:
    """What the ledger keeps of a file's doubts.

    Attributes:
        ambiguous_times: Per entity, values that two declared formats read as different dates.
        may_be_cut_off: Whether the file may be cut off inside its last field.
        warnings: The same in words.
    """

    ambiguous_times: Mapping[str, int] = field(default_factory=dict)
    may_be_cut_off: bool = False
    warnings: tuple[str, ...] = ()


NO_DOUBTS = Doubts()


def is_cut_off(connection: duckdb.DuckDBPyConnection, sql: RowSql, last: OpenEnd) -> bool:
    """Whether a file is cut off inside its last field: it has no line end, is shorter than all others (or there are no
    others), and a value made of it does not fit its type.
    """
    if not (last.is_short or last.is_alone):
        return False
    query = sql.misfit(last.record, last.column)
    return query is not None and bool(connection.execute(query).fetchall()[0][0])


def doubts_of(
    connection: duckdb.DuckDBPyConnection, sql: RowSql, file_name: str, last: OpenEnd | None, *, cut_off: bool
) -> Doubts:
    """The doubts about a file that has been read.

    Args:
        connection: Has the view of its records.
        sql: The SQL of its rows.
        file_name: Its name, for the warnings.
        last: What its last record looks like where it has no line end.
        cut_off: Whether that record is unreadable for it.
    """
    warnings = []
    may_be_cut_off = last is not None and (cut_off or last.is_short)
    name = printable_name(file_name)
    if last is not None and may_be_cut_off:
        why = "does not fit its type" if cut_off else "is shorter than in every other record"
        outcome = "is unreadable (LND-008)" if cut_off else "has landed"
        warnings.append(
            f"{name}: the file may be cut off inside its last record: the record has no line end, and its"
            f" `{printable_name(last.column)}` {why}. The record {outcome};"
            " records after it may be missing. Compare with the source, and deliver the file again if it is not whole."
        )
    ambiguous: dict[str, int] = {}
    for entity, column, formats, query in sql.read_twice():
        ((values, twice),) = connection.execute(query).fetchall()
        if twice:
            ambiguous[entity] = ambiguous.get(entity, 0) + twice
            listed = " and ".join(f"`{form}`" for form in formats)
            warnings.append(
                f"{name}: {twice:,} of {values:,} values of {entity}.{column} are two different dates by the declared"
                f" formats {listed}; the first of them is used, so these dates may be wrong. Declare only the format"
                " that the source writes (`timestamps` in the mapping)"
            )
    return Doubts(ambiguous, may_be_cut_off, tuple(warnings))
