"""The view `landing_source` of a file's records, which every reader creates.

It has every column that the mapping reads, as trimmed text. It also has `landing_record`, `landing_line` and
`landing_raw` (the record as JSON), and `landing_part` (the sheet or the member of an archive; else NULL).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.base.spelling import nearest
from pipelines.base.text import printable_name
from pipelines.landing.binding import RELATION, record_tree, references
from pipelines.landing.cells import Cells
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.expressions import parse
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.optional import absent_columns, required_sources
from pipelines.landing.readers.wide import COLUMNS, Column, list_sql, others_of, reads_columns
from pipelines.landing.spans import Span

TABLE = "landing_read"
_CELLS = "landing_cells"
# A file with fewer records is small: its cells are computed once, into a table, because to plan them in each query
# takes longer. For more records a view needs less memory and is not slower.
SMALL_FILE_RECORDS = 20_000
_LISTED = 50  # names in a message
_DELIMITERS = {";": ";", ",": ",", "\t": "\\t", "|": "|"}  # as YAML writes them in double quotes
_RENAME = (
    "Have the source rename all but one of them, or name all columns in the mapping: `skip_rows: 1`, `header_rows: 0`"
    " and `names: […]`."
)


@dataclass(frozen=True)
class UnterminatedRecord:
    """A last record without a line end. Many good files end like this, and so do files that are cut off in a field.

    Attributes:
        record: The number of the record.
        column: The name of its last column.
        is_short: Whether its last field is shorter than in every other record, or has fewer parts.
        is_alone: Whether there is no other record.
    """

    record: int
    column: str
    is_short: bool
    is_alone: bool


@dataclass(frozen=True)
class Reading:
    """The result of reading a file.

    Attributes:
        records: The number of records in the view, counted by an independent pass.
        spans: The parts that could not be read, in order. Each counts as one additional record.
        unterminated: The last record of the file, and of each of its parts, if it has no line end.
        warnings: What may be wrong with the content. The records land.
    """

    records: int
    spans: tuple[Span, ...] = ()
    unterminated: tuple[UnterminatedRecord, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Own:
    """The SQL of the columns that landing adds to the view.

    Attributes:
        record: The number of the record.
        line: Its first physical line.
        raw: The unchanged record as JSON text.
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
    header: Sequence[Column] = (),
) -> None:
    """Create the view over the table that a reader has filled.

    Args:
        connection: Has the table.
        group: Defines which columns are read and which texts mean "no value".
        own: The columns that landing adds.
        cell: Gives the SQL of a source column, or of a path inside one, as text.
        where: The condition for rows of the table that are readable records.
        header: The columns of a file that has a header.
    """
    cells = Cells(group.nulls)
    has_list = reads_columns(group, [column.name for column in header])
    others = others_of(header, group) if has_list else []
    present = {column.name.lower() for column in header}
    named = group.name_texts

    def leaf(path: Reference) -> str:
        if path[0].lower() in named:
            return quoting.text(text) if (text := named[path[0].lower()]) else "cast(null as varchar)"
        if has_list and path == (COLUMNS,):
            return list_sql(others, [cells.add(column.cell) for column in others])
        is_absent = bool(group.optional and header) and path[0].lower() not in present
        return cells.add("cast(null as varchar)" if is_absent else cell(path))

    columns = record_tree(group).select(leaf)
    kept = f"{own.record} as landing_record, {own.line} as landing_line, {own.raw} as landing_raw"
    kept += ", cast(null as varchar) as landing_part"
    items = ", ".join(["landing_record", "landing_line", "landing_raw", "landing_part", *columns])
    query = f"select {items} from ({cells.select(kept, f'{TABLE} where {where}')})"  # noqa: S608 (names are quoted)
    ((records,),) = connection.execute(f"select count(*) from {TABLE}").fetchall()  # noqa: S608 (a name of ours)
    if records < SMALL_FILE_RECORDS:
        connection.execute(f"create or replace temp table {_CELLS} as {query}")
        query = f"from {_CELLS}"
    connection.execute(f"create or replace temp view {RELATION} as {query}")


def has_nul(document: str) -> str:
    """SQL that checks a JSON text for an escaped character NUL; JSON cannot contain it in another form."""
    # A backslash that is itself escaped does not begin an escape.
    return f"contains({document}, '\\u0000') and regexp_matches({document}, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000')"


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names, made unique. Names that differ only in case are equal for DuckDB."""
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


def check_columns(header: Sequence[str], group: FileGroup) -> frozenset[str]:
    """Check that a header has each column that the mapping reads exactly once, unless the column is optional.

    Returns:
        The optional columns that the header lacks, in lower case.

    Raises:
        InputError: Columns are missing or ambiguous. The message names them.
    """
    present = [name.lower() for name in header]
    if named := next((name for name in group.from_name if name in present), None):
        raise InputError(
            f"the header has a column `{named}`, and `from_name` in the mapping gives a text of the file's name the"
            " same name",
            hint="Choose another name under `from_name`.",
        )
    if text := _name_as_expression(present, group):
        raise InputError(
            f"the mapping reads `{printable_name(text)}` as an expression, and the header has a column of this name",
            hint=f"To read the column, write it in double quotes inside single quotes: '\"{printable_name(text)}\"'."
            " If the expression is meant, put it in brackets.",
        )
    read = [name for name in record_tree(group).children if name.lower() not in group.from_name]
    needed = [name for name in read if name != COLUMNS or not reads_columns(group, header)]
    lacking = [name for name in needed if name.lower() not in present]
    absent = absent_columns(lacking, group)
    missing = [name for name in lacking if name.lower() not in absent]
    if missing:
        broken = [
            f"`{name}` is not a valid SQL expression"
            for name in missing
            if _looks_like_sql(name) and not nearest(name, header)
        ]
        near = [found for name in missing if (found := nearest(name, header))]
        meant = [f"did you mean {listed(near)}?"] if near else []
        raise InputError(
            "; ".join([f"the header lacks {listed(missing)}", *broken, *meant, f"its columns are {listed(header)}"]),
            hint=_other_layout(header, group)
            or "Correct the file. If the source has changed its layout, correct the mapping.",
        )
    for name in needed:
        places = [place for place, known in enumerate(present) if known == name.lower()]
        if len(places) > 1:
            raise InputError(
                f"{_same_names(header, places)}, and the mapping reads `{printable_name(name)}`: it is not clear which"
                " one is meant",
                hint=_RENAME if group.has_header else "Have the source rename all but one of them.",
            )
    for column, sources in required_sources(group) if absent else ():
        if {name.lower() for name in sources} <= absent:
            raise InputError(
                f"the header has none of {listed(sources)}, from which {column} is made; it has {listed(header)}",
                hint="Correct the file. If the source has changed its layout, correct the mapping.",
            )
    return absent


def _other_layout(header: Sequence[str], group: FileGroup) -> str:
    """What to do if a header of one column shows that the file is read in a wrong way; empty if it does not."""
    filled = [name for name in header if name]
    if not group.is_text_table or len(filled) != 1:
        return ""
    if filled[0].lower().startswith("sep="):
        return "The first line only tells Excel how fields are delimited: declare `skip_rows: 1` in the mapping."
    others = [mark for mark in _DELIMITERS if mark != group.separator and mark in filled[0]]
    if not others:
        return ""
    mark = _DELIMITERS[max(others, key=filled[0].count)]
    return f'The fields seem to be delimited by `{mark}`: declare `delimiter: "{mark}"` in the mapping.'


def check_last_header(header_rows: Sequence[Sequence[str]], group: FileGroup) -> None:
    """Check the last row of a header against `last_header` of the mapping.

    Args:
        header_rows: The rows of the header, trimmed; the first one has the column names.
        group: The group of the mapping.

    Raises:
        InputError: A cell does not fit: the row is probably a record. The message does not repeat the cell.
    """
    names = [name.lower() for name in header_rows[0]] if header_rows else []
    for column, pattern in group.last_header.items():
        place = names.index(column.lower()) if column.lower() in names else None
        row = header_rows[-1] if header_rows else ()
        if place is None:
            raise InputError(
                f"the header lacks `{column}`, which `last_header` in the mapping checks; it has {listed(names)}",
                hint="Correct the file. If the source has changed its layout, correct the mapping.",
            )
        if not re.search(pattern, row[place] if place < len(row) else ""):
            raise InputError(
                f"row {len(header_rows)} is probably the first record, not a row of the header: its cell below"
                f" `{printable_name(column)}` does not fit `{pattern}`",
                hint=f"Export the file with all {len(header_rows)} rows of its header. If it always has fewer, declare"
                " its `header_rows` and `last_header: null` in the mapping.",
            )


def _name_as_expression(present: Sequence[str], group: FileGroup) -> str | None:
    """An expression that reads other columns, but is also the name of a column, as `Date (UTC)` is."""
    names = frozenset(present)
    texts = (text.strip() for _, text in group.expressions())
    return next((text for text in texts if text.lower() in names and references(text) - {(text,)}), None)


def _looks_like_sql(name: str) -> bool:
    """Whether a column name was probably meant as an expression, but is not valid SQL."""
    return bool(parse(name).problem and re.search(r"[()'|<>=*]", name))


def _same_names(header: Sequence[str], places: Sequence[int]) -> str:
    """Describes the columns at some positions of a header whose names are equal or differ only in case."""
    shown = ", ".join(f"`{printable_name(header[place])}` (column {place + 1})" for place in places[:_LISTED])
    are_equal = len({header[place] for place in places}) == 1
    case = "differ only in upper and lower case, and column names are not case-sensitive"
    return f"the header has {shown}, which {'are equal' if are_equal else case}"


def listed(names: Sequence[str]) -> str:
    """Names in a message, at most 50 of them."""
    shown = ", ".join(f"`{printable_name(name)}`" for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"
