"""Writes the view `selected` as one sheet of an XLSX workbook, with constant memory.

Excel keeps less than DuckDB: a sheet has 1,048,576 rows, a number 15 digits, a cell 32,767 characters, and days begin
in 1900. Too many rows and too long texts are refused before anything is written. A column of numbers or days that Excel
would change is written as text.
"""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import ConfigError
from pipelines.base.spreadsheet import is_formula
from pipelines.publication import Manifest

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MAX_ROWS = 1_048_576  # of a sheet, with the header
MAX_TEXT = 32_767
_MAX_NAME = 31
_BATCH_ROWS = 10_000
_WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}  # at most 10 digits
_LONG_NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL")
_FLOATS = {"FLOAT", "DOUBLE"}
_TIMES = {"DATE": "yyyy-mm-dd", "TIMESTAMP": "yyyy-mm-dd hh:mm:ss"}
_HINT = "Choose fewer rows or columns with --where and --columns, or another --format."

Writer = Callable[[int, int, Any], object]


def write_xlsx(
    connection: duckdb.DuckDBPyConnection, mart: str, kinds: dict[str, str], rows: int, path: Path, manifest: Manifest
) -> tuple[int, tuple[str, ...]]:
    """Write the rows of the view `selected`. The same rows of a version give the same bytes.

    A text is a text cell, which Excel never runs. If it looks like a formula, it also has Excel's own mark for text, so
    that it stays text when somebody edits the cell. An unknown value is an empty cell.

    Args:
        connection: From `selection.selected`.
        mart: The name of the sheet.
        kinds: The DuckDB type of each column.
        rows: The number of rows.
        path: The file, which exists.
        manifest: The version that is read.

    Returns:
        How many texts look like a formula, and the columns of numbers and days that are written as text.

    Raises:
        ConfigError: Too many rows, or a text that is too long.
    """
    if rows >= MAX_ROWS:
        raise ConfigError(
            f"an Excel sheet has {MAX_ROWS:,} rows, but {mart} has {rows:,} and a header: nothing was written",
            hint=_HINT,
        )
    as_text = _as_text(connection, kinds)
    # imported late: only this format needs it
    from xlsxwriter import Workbook

    formulas: list[str] = []
    # sheets of more than 2 GB need ZIP64; smaller workbooks do not change
    options = {"constant_memory": True, "nan_inf_to_errors": True, "use_zip64": True}
    with _hiding_second_error(), Workbook(str(path), options) as book:
        book.set_properties({"created": manifest.published_at.replace(tzinfo=None), "comments": manifest.version})
        sheet = book.add_worksheet(mart[:_MAX_NAME])
        for position, (name, kind) in enumerate(kinds.items()):
            sheet.set_column(position, position, max(len(name) + 2, 20 if kind == "TIMESTAMP" else 12))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows, len(kinds) - 1)
        sheet.write_row(0, 0, list(kinds), book.add_format({"bold": True}))
        writers = [
            sheet.write_string if name in as_text else _writer(book, sheet, kind, formulas)
            for name, kind in kinds.items()
        ]
        cells = ", ".join(_cell(name, kind, as_text) for name, kind in kinds.items())
        reader = connection.sql(f"select {cells} from selected").to_arrow_reader(_BATCH_ROWS)  # noqa: S608
        row = 0
        for batch in reader:
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                for position, (value, write) in enumerate(zip(values, writers, strict=True)):
                    if value is not None:
                        write(row, position, value)
    return len(formulas), as_text


@contextmanager
def _hiding_second_error() -> Iterator[None]:
    """Hide the second error of a workbook that could not be written.

    If the disk is full, the unfinished ZIP file fails again when Python discards it, and Python prints a traceback.
    """
    try:
        yield
    except Exception as problem:
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            for each in (problem, problem.__context__):
                traceback.clear_frames(each.__traceback__ if each else None)
        finally:
            sys.unraisablehook = hook
        raise


def _as_text(connection: duckdb.DuckDBPyConnection, kinds: dict[str, str]) -> tuple[str, ...]:
    """The columns of numbers and days that Excel would change.

    Raises:
        ConfigError: A text is too long for a cell.
    """
    counts = {name: _does_not_fit(quoting.name(name), kind) for name, kind in kinds.items()}
    counts = {name: condition for name, condition in counts.items() if condition}
    if not counts:
        return ()
    query = ", ".join(f"count(*) filter ({condition})" for condition in counts.values())
    (found,) = connection.execute(f"select {query} from selected").fetchall()  # noqa: S608 (names are quoted)
    changed = [name for name, count in zip(counts, found, strict=True) if count]
    if too_long := [name for name in changed if kinds[name] == "VARCHAR"]:
        raise ConfigError(
            f"an Excel cell has at most {MAX_TEXT:,} characters, but a text of {too_long[0]} is longer: nothing was"
            " written",
            hint=_HINT,
        )
    return tuple(changed)


def _does_not_fit(column: str, kind: str) -> str:
    """SQL that tells whether Excel would change a value; empty if it changes none of this type."""
    if kind == "VARCHAR":
        return f"length({column}) > {MAX_TEXT}"
    if kind.startswith(_LONG_NUMBERS):
        return f"try_cast(printf('%.15g', {column}::double) as {kind}) is distinct from {column}"
    if kind in _TIMES:  # Excel counts a 29 February 1900, which never was
        return f"{column} < '1900-03-01' or {column} >= '10000-01-01'"
    return ""


def _cell(name: str, kind: str, as_text: tuple[str, ...]) -> str:
    """SQL of a column in a type that its writer takes."""
    column = quoting.name(name)
    if name in as_text:
        return f"{column}::varchar"
    if kind.startswith(_LONG_NUMBERS):
        return f"{column}::double"
    return column if kind in {*_WHOLE_NUMBERS, *_FLOATS, *_TIMES, "BOOLEAN", "VARCHAR"} else f"{column}::varchar"


def _writer(book: "Workbook", sheet: "Worksheet", kind: str, formulas: list[str]) -> Writer:
    """The function that writes the cells of a column. Texts that look like a formula are added to `formulas`."""
    if kind in _TIMES:
        style = book.add_format({"num_format": _TIMES[kind]})
        return lambda row, column, value: sheet.write_datetime(row, column, value, style)
    if kind == "BOOLEAN":
        boolean: Writer = sheet.write_boolean
        return boolean
    if kind in _WHOLE_NUMBERS | _FLOATS or kind.startswith(_LONG_NUMBERS):
        number: Writer = sheet.write_number
        return number
    marked = book.add_format({"quote_prefix": True})

    def write(row: int, column: int, text: str) -> None:
        if is_formula(text):
            formulas.append(text)
            sheet.write_string(row, column, text, marked)
        else:
            sheet.write_string(row, column, text)

    return write
