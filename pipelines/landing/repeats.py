"""What a CSV or TSV file that has been read shows about itself: its header once more, and an end that looks cut off.

Both are asked of the table that DuckDB has read (relation.TABLE, columns f0, f1, …).
"""

from collections.abc import Sequence

import duckdb

from pipelines.landing.cells import BLANKS, trimmed
from pipelines.landing.expressions import quote_text
from pipelines.landing.relation import TABLE, OpenEnd, Own
from pipelines.landing.spans import Rule, Span

# The parts of a text: letters and digits, and what stands between them.
_LAST_PART = r"[\p{L}\p{N}]*$"
_PARTS = r"[\p{L}\p{N}]+"


def header_condition(rows: Sequence[Sequence[str]]) -> str:
    """Whether a record is a row of the header, blanks at the ends of its cells aside.

    In front of a second file's first cell a byte order mark may stand, which makes its quotes part of the text.
    """
    conditions = []
    for first, *others in (row for row in rows if any(row)):
        first = first.strip(BLANKS + '"')
        same = [f"coalesce({trimmed(f'f{index}')}, '') = {quote_text(name)}" for index, name in enumerate(others, 1)]
        same += [_first_cell(first)]
        same += [f"trim(coalesce(f0, ''), {quote_text(BLANKS + chr(34))}) = {quote_text(first)}"]
        conditions.append(f"({' and '.join(same)})")
    return " or ".join(conditions) or "false"


def header_spans(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[str]], condition: str, own: Own
) -> tuple[Span, ...]:
    """The records that are the header once more.

    Args:
        connection: Has the table.
        rows: The rows of the header.
        condition: What `header_condition` makes of them. To plan it takes longer than to read a small file, so the
            first cells are compared before.
        own: Our own columns.
    """
    may_be = " or ".join(_first_cell(row[0].strip(BLANKS + '"')) for row in rows if any(row)) or "false"
    if not connection.execute(f"select 1 from {TABLE} where {may_be} limit 1").fetchall():  # noqa: S608 (names are quoted)
        return ()
    query = f"select {own.record}, {own.line}, {own.raw} from {TABLE} where {condition} order by 1"  # noqa: S608 (names are quoted)
    found = connection.execute(query).fetchall()
    return tuple(Span(record, line, line, Rule.HEADER_AGAIN, raw) for record, line, raw in found)


def _first_cell(name: str) -> str:
    return f"contains(coalesce(f0, ''), {quote_text(name)})"


def open_end(connection: duckdb.DuckDBPyConnection, column: int, name: str, own: Own) -> OpenEnd:
    """What the last field of a file without a last line end looks like beside those of all other records.

    Args:
        connection: Has the table.
        column: The position of the last column.
        name: Its name.
        own: Our own columns.
    """
    text = f"coalesce(f{column}, '')"
    last_part = f"length(regexp_extract({text}, {quote_text(_LAST_PART)}))"
    parts = f"length(regexp_replace({text}, {quote_text(_PARTS)}, '', 'g'))"
    measures = {"characters": f"length({text})", "last_part": last_part, "marks": parts}
    shorter = " or ".join(f"arg_max({m}, record) < min({m}) filter (record < last)" for m in measures)
    items = ", ".join(f"{sql} as {m}" for m, sql in measures.items())
    query = (
        f"select max(record), count(*) = 1, coalesce({shorter}, false) from (select *, max(record) over () as last"  # noqa: S608 (names are quoted)
        f" from (select {own.record} as record, {items} from {TABLE}))"
    )
    ((record, is_alone, is_short),) = connection.execute(query).fetchall()
    return OpenEnd(record, name, bool(is_short), bool(is_alone))
