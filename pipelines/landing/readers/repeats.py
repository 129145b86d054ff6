"""Checks a CSV or TSV file that has been read for repeated headers and for an end that looks cut off.

Both checks query the table that DuckDB has read (relation.TABLE, columns f0, f1, …).
"""

from collections.abc import Sequence

import duckdb

from pipelines.base import quoting
from pipelines.landing.cells import BLANKS, trimmed
from pipelines.landing.readers.relation import TABLE, Own, UnterminatedRecord
from pipelines.landing.spans import Rule, Span

# A text consists of parts (groups of letters and digits) and of marks between them (all other characters).
_LAST_PART = r"[\p{L}\p{N}]*$"
_PARTS = r"[\p{L}\p{N}]+"


def header_condition(rows: Sequence[Sequence[str]]) -> str:
    """SQL that checks whether a record is a row of the header. Blanks at the ends of cells are ignored.

    If two files were joined, there can be a byte order mark before the second header. Then the quotes of its first cell
    are part of the text.
    """
    conditions = []
    for first, *others in (row for row in rows if any(row)):
        first = first.strip(BLANKS + '"')
        same = [f"coalesce({trimmed(f'f{index}')}, '') = {quoting.text(name)}" for index, name in enumerate(others, 1)]
        same += [_first_cell(first)]
        same += [f"trim(coalesce(f0, ''), {quoting.text(BLANKS + chr(34))}) = {quoting.text(first)}"]
        conditions.append(f"({' and '.join(same)})")
    return " or ".join(conditions) or "false"


def header_spans(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[str]], condition: str, own: Own
) -> tuple[Span, ...]:
    """The records that repeat the header.

    Args:
        connection: Has the table.
        rows: The rows of the header.
        condition: The result of `header_condition` for these rows. DuckDB needs longer to plan it than to read a small
            file, so only the first cells are compared at first.
        own: The columns that landing adds.
    """
    may_be = " or ".join(_first_cell(row[0].strip(BLANKS + '"')) for row in rows if any(row)) or "false"
    if not connection.execute(f"select 1 from {TABLE} where {may_be} limit 1").fetchall():  # noqa: S608 (names are quoted)
        return ()
    query = f"select {own.record}, {own.line}, {own.raw} from {TABLE} where {condition} order by 1"  # noqa: S608 (names are quoted)
    found = connection.execute(query).fetchall()
    return tuple(Span(record, line, line, Rule.HEADER_AGAIN, raw) for record, line, raw in found)


def _first_cell(name: str) -> str:
    return f"contains(coalesce(f0, ''), {quoting.text(name)})"


def unterminated_record(connection: duckdb.DuckDBPyConnection, column: int, name: str, own: Own) -> UnterminatedRecord:
    """Compare the last field of a file without a final line end with the same field of all other records.

    Args:
        connection: Has the table.
        column: The position of the last column.
        name: The name of the last column.
        own: The columns that landing adds.
    """
    text = f"coalesce(f{column}, '')"
    last_part = f"length(regexp_extract({text}, {quoting.text(_LAST_PART)}))"
    parts = f"length(regexp_replace({text}, {quoting.text(_PARTS)}, '', 'g'))"
    measures = {"characters": f"length({text})", "last_part": last_part, "marks": parts}
    shorter = " or ".join(f"arg_max({m}, record) < min({m}) filter (record < last)" for m in measures)
    items = ", ".join(f"{sql} as {m}" for m, sql in measures.items())
    query = (
        f"select max(record), count(*) = 1, coalesce({shorter}, false) from (select *, max(record) over () as last"  # noqa: S608 (names are quoted)
        f" from (select {own.record} as record, {items} from {TABLE}))"
    )
    ((record, is_alone, is_short),) = connection.execute(query).fetchall()
    return UnterminatedRecord(record, name, bool(is_short), bool(is_alone))
