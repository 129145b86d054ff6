"""Reads XLSX and XLS workbooks into DuckDB. Each sheet is a part of the file.

workbook_sheets.py reads the cells. Formulas have the result that the spreadsheet program has stored.
"""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.binding import record_tree
from pipelines.landing.cells import BLANKS
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.optional import without_customer
from pipelines.landing.readers.parts import Parts, naming
from pipelines.landing.readers.relation import (
    TABLE,
    Own,
    Reading,
    check_columns,
    check_last_header,
    make_view,
    unique_names,
)
from pipelines.landing.readers.repeats import header_condition, header_spans
from pipelines.landing.readers.wide import file_columns, reads_columns
from pipelines.landing.readers.workbook_cells import is_inexact, text_of, texts_of
from pipelines.landing.readers.workbook_sheets import Sheet, opened
from pipelines.landing.spans import Rule, Span

_CHUNK = 20_000
_LISTED = 20


class WorkbookReader:
    """Reads `xlsx` and `xls`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """Check the columns of the chosen sheets. The whole workbook must be read for it; see `Reader.check`."""
        absent: set[str] = set()
        with TemporaryDirectory() as scratch, opened(path, group, Path(scratch)) as sheets:
            for sheet in sheets:
                with naming(sheet.name):
                    layout = _Layout(sheet, group)
                    absent.update(check_columns(layout.names, group))
                    check_last_header(layout.header_rows, group)
        return frozenset(absent)

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read the chosen sheets; see `Reader.read`."""
        parts = Parts(connection)
        with opened(path, group, scratch) as sheets:
            for sheet in sheets:
                with naming(sheet.name):
                    parts.add(sheet.name, _read(connection, sheet, group))
        return parts.finish()


class _Layout:
    """Where the header and the records of a sheet are. Blank rows are neither.

    Args:
        sheet: The sheet.
        group: The group of the mapping.

    Attributes:
        header_rows: The rows of the header, trimmed; empty if the mapping names the columns.
        names: The column names.
        records: The rows of the records, from 0.

    Raises:
        InputError: There is no header.
    """

    def __init__(self, sheet: Sheet, group: FileGroup) -> None:
        with_errors = {row for row, _ in sheet.errors}
        filled = [
            number
            for number, row in enumerate(sheet.rows)
            if number >= group.skip_rows
            and (number in with_errors or any(not isinstance(cell, str) or cell.strip(BLANKS) for cell in row))
        ]
        if group.names is None and len(filled) < group.header_rows:
            raise InputError(
                "there is no header: the sheet ends before it",
                hint="Check `skip_rows`, `header_rows` and `sheet` in the mapping, or have the file delivered again.",
            )
        top = filled[: group.header_rows]
        self.header_rows = tuple(
            tuple((text_of(sheet.cell(row, column)) or "").strip(BLANKS) for column in range(len(sheet.rows[row])))
            for row in top
        )
        self.records = filled[group.header_rows :]
        width = len(sheet.rows[0]) if sheet.rows else 0
        self.names = group.names or self.header_rows[0]
        if len(self.names) < width:
            self.names += ("",) * (width - len(self.names))  # such a column is kept in the raw record


def _read(connection: duckdb.DuckDBPyConnection, sheet: Sheet, group: FileGroup) -> Reading:
    layout = _Layout(sheet, group)
    absent = check_columns(layout.names, group)
    check_last_header(layout.header_rows, group)
    names = unique_names(layout.names)
    own_columns = [f"f{index}" for index in range(len(names))]
    schema = pa.schema([("record", pa.int64()), ("line", pa.int64()), *((name, pa.string()) for name in own_columns)])
    for (row, column), text in sheet.errors.items():
        sheet.rows[row][column] = text
    connection.execute(f"create or replace temp table {TABLE} as {_nothing(schema)}")
    for first in range(0, len(layout.records), _CHUNK):
        numbers = layout.records[first : first + _CHUNK]
        texts = list(zip(*(texts_of(sheet.rows[number], len(names)) for number in numbers), strict=True))
        texts += [(None,) * len(numbers)] * (len(names) - len(texts))
        records = pa.array(range(first + 1, first + 1 + len(numbers)), pa.int64())
        lines = pa.array([number + 1 for number in numbers], pa.int64())
        chunk = pa.table([records, lines, *(pa.array(column, pa.string()) for column in texts)], schema=schema)
        connection.register("landing_rows", chunk)
        connection.execute(f"insert into {TABLE} from landing_rows")
        connection.unregister("landing_rows")
    by_lower = {name.lower(): column for name, column in zip(names, own_columns, strict=True)}
    raw = ", ".join(f"{quoting.name(name)} := {column}" for name, column in zip(names, own_columns, strict=True))
    own = Own("record", "line", f"cast(to_json(struct_pack({raw})) as varchar)")

    def cell(path: Reference) -> str:
        if len(path) > 1:
            raise InputError(
                f"the mapping reads `{'.'.join(path)}`, but a cell of a workbook has no fields",
                hint="If it is the name of a column, write it in double quotes: '\"a.b\"'.",
            )
        return by_lower[path[0].lower()]

    nul = " or ".join(f"contains({column}, chr(0))" for column in own_columns)
    odd = connection.execute(
        f"select record, line, {own.raw} from {TABLE} where {nul} order by record"  # noqa: S608 (names are quoted)
    ).fetchall()
    is_header = header_condition(layout.header_rows)
    headers = header_spans(connection, layout.header_rows, is_header, own)
    spans = [*headers, *(Span(record, line, line, Rule.NUL, text) for record, line, text in odd)]
    columns = file_columns(layout.header_rows or [layout.names], own_columns)
    make_view(connection, group, own, cell, f"({nul}) is not true and ({is_header}) is not true", columns)
    ordered = tuple(sorted(spans, key=lambda span: span.record))
    records = len(layout.records) - len(ordered)
    warnings = (*_warnings(sheet, layout, group), *without_customer(absent, group, records))
    return Reading(records, ordered, warnings=warnings)


def _nothing(schema: pa.Schema) -> str:
    kinds = {"int64": "bigint", "string": "varchar"}
    return f"select {', '.join(f'null::{kinds[str(one.type)]} as {one.name}' for one in schema)} where false"


def _warnings(sheet: Sheet, layout: _Layout, group: FileGroup) -> list[str]:
    """What may be wrong with the values of the columns that the mapping reads."""
    needed = {name.lower() for name in record_tree(group).children}
    reads_all = reads_columns(group, layout.names)
    read = {index: name for index, name in enumerate(layout.names) if reads_all or name.lower() in needed}
    records = set(layout.records)
    warnings = []
    inexact = Counter(
        index
        for number in layout.records
        for index in read
        if index < len(sheet.rows[number]) and is_inexact(sheet.rows[number][index])
    )
    for index, count in sorted(inexact.items()):
        warnings.append(
            f"{counted(count, 'number')} in `{printable_name(read[index])}` with more than 15 digits."
            " Spreadsheets replace the digits after the 15th by zeros, so ids are wrong, and different ids may be"
            f" equal. Export this column"
            " as text, or deliver the source's CSV file"
        )
    wrong = [(place, text) for place, text in sorted(sheet.errors.items()) if place[0] in records and place[1] in read]
    if wrong:
        (row, column), text = wrong[0]
        warnings.append(
            f"{counted(len(wrong), 'cell has', 'cells have')} an error, the first one is {text} in row {row + 1},"
            f" `{printable_name(read[column])}`. The error lands as its text. Correct the formulas, or"
            " declare the texts as `nulls` in the mapping"
        )
    merged = [one for one in sheet.merged if one[0][0] in records and one[1][0] > one[0][0] and one[0][1] in read]
    if merged:
        warnings.append(
            f"{counted(len(merged), 'merged cell covers', 'merged cells cover')} several rows, the first one"
            f" begins in row {merged[0][0][0] + 1}. Only the first row has the value, the others are empty. Undo the"
            " merging in the spreadsheet program"
        )
    return warnings
