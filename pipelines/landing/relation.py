"""What every reader makes: the view `landing_source` of a file's records, every column that the mapping reads as
trimmed text.

Beside the source's own columns the view has `landing_record`, `landing_line` and `landing_raw` (the record as JSON).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.base.errors import InputError
from pipelines.base.spelling import nearest
from pipelines.base.text import printable_name
from pipelines.landing.binding import RELATION, record_tree
from pipelines.landing.cells import Cells
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.expressions import parse
from pipelines.landing.model import FileGroup
from pipelines.landing.spans import Span

TABLE = "landing_read"
_LISTED = 50  # names in a message
_RENAME = (
    "Have the source rename all but one of them, or name all columns in the mapping: `skip_rows: 1`, `header_rows: 0`"
    " and `names: […]`."
)


@dataclass(frozen=True)
class OpenEnd:
    """A last record without a line end. Many good files end so; a file that is cut off inside a field does too.

    Attributes:
        record: Its number.
        column: The name of its last column.
        is_short: Whether its last field is shorter than, or lacks a part that is in, that of every other record.
        is_alone: Whether there is no other record.
    """

    record: int
    column: str
    is_short: bool
    is_alone: bool


@dataclass(frozen=True)
class Reading:
    """What an independent pass found in a file.

    Attributes:
        records: Records in the view, as counted by the pass.
        spans: What could not be read, in order; each counts as one record more.
        open_end: The file's last record, where it has no line end.
    """

    records: int
    spans: tuple[Span, ...] = ()
    open_end: OpenEnd | None = None


@dataclass(frozen=True)
class Own:
    """The SQL of our own columns of the view.

    Attributes:
        record: The record's number.
        line: Its first physical line.
        raw: The record as JSON text, as the file has it.
    """

    record: str
    line: str
    raw: str


def make_view(
    connection: duckdb.DuckDBPyConnection,
    group: FileGroup,
    own: Own,
    cell: Callable[[Reference], str],
    where: str = "true",
) -> None:
    """Make the view over the table that a reader has filled.

    Args:
        connection: Where the table is.
        group: Says which columns are read, and which texts mean nothing.
        own: Our own columns.
        cell: The SQL of a source column, or of a path inside one, as text.
        where: Which rows of the table are records that can be read.
    """
    cells = Cells(group.nulls)
    columns = record_tree(group).select(lambda path: cells.add(cell(path)))
    kept = f"{own.record} as landing_record, {own.line} as landing_line, {own.raw} as landing_raw"
    items = ", ".join(["landing_record", "landing_line", "landing_raw", *columns])
    connection.execute(
        f"create or replace temp view {RELATION} as select {items}"  # noqa: S608 (names are quoted)
        f" from ({cells.select(kept, f'{TABLE} where {where}')})"
    )


def has_nul(document: str) -> str:
    """Whether a JSON text has the character NUL: escaped, for there is no other way to write it."""
    # A backslash that is itself escaped escapes nothing.
    return f"contains({document}, '\\u0000') and regexp_matches({document}, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000')"


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names, made different where they differ by nothing or by case only (DuckDB holds those for equal)."""
    seen: set[str] = set()
    names = []
    for position, given in enumerate(header, start=1):
        base = given or f"column {position}"
        name, count = base, 1
        while name.lower() in seen:
            count += 1
            name = f"{base} ({count})"
        seen.add(name.lower())
        names.append(name)
    return tuple(names)


def check_columns(header: Sequence[str], group: FileGroup) -> None:
    """Refuse a header that lacks a column which the mapping reads, or has it twice.

    Raises:
        InputError: Names the columns.
    """
    present = [name.lower() for name in header]
    needed = list(record_tree(group).children)
    missing = [name for name in needed if name.lower() not in present]
    if missing:
        broken = [f"`{name}` is not an SQL expression either" for name in missing if _looks_like_sql(name)]
        near = [found for name in missing if (found := nearest(name, header))]
        meant = [f"did you mean {_listed(near)}?"] if near else []
        raise InputError(
            "; ".join([f"the header lacks {_listed(missing)}", *broken, *meant, f"it has {_listed(header)}"]),
            hint="Correct the file, or the mapping if the source has changed its layout.",
        )
    for name in needed:
        places = [place for place, known in enumerate(present) if known == name.lower()]
        if len(places) > 1:
            raise InputError(
                f"{_same_names(header, places)}, and the mapping reads `{printable_name(name)}`: which one is meant is"
                " not clear, because columns are found regardless of case",
                hint=_RENAME if group.is_text_table else "Have the source rename all but one of them.",
            )


def _looks_like_sql(name: str) -> bool:
    """Whether a column's name was probably meant as an expression, which it is not."""
    return bool(parse(name).problem and re.search(r"[()'|<>=*]", name))


def _same_names(header: Sequence[str], places: Sequence[int]) -> str:
    """The columns at some places of a header, whose names are the same but for case."""
    shown = ", ".join(f"`{printable_name(header[place])}` (column {place + 1})" for place in places[:_LISTED])
    are_equal = len({header[place] for place in places}) == 1
    return f"the header has {shown}, {'which are equal' if are_equal else 'which differ only in case'}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{printable_name(name)}`" for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"
