"""Which sheets of a workbook a draft reads: an entry reads one sheet, or several of one layout."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.landing.model import FileGroup
from pipelines.landing.readers.workbook_sheets import opened

_ROWS = 30  # among which the header is
_WIDE = 0.7  # of the widest row
Rows = list[list[str]]


@dataclass(frozen=True)
class Sheets:
    """The sheets of a workbook.

    Attributes:
        rows: The first rows of the sheet that is read, or of the first one of them.
        before_header: The number of rows above its header.
        option: The key `sheet` of a file entry; empty if only one visible sheet has data.
        others: The visible sheets with data that are not read.
    """

    rows: Rows
    before_header: int
    option: str = ""
    others: tuple[str, ...] = ()


def sheets_of(path: Path, form: str) -> Sheets:
    """The sheet with the most values, or all visible sheets if they have the same header.

    Raises:
        InputError: The workbook cannot be read, or no visible sheet has data.
    """
    found = {name: rows for name, rows in _visible(path, form, "*").items() if _size(rows)}
    if len(found) < 2:
        ((_, rows),) = _visible(path, form, None).items()
        return Sheets(rows[:_ROWS], _before_header(rows))
    headers = [(_before_header(rows), tuple(rows[_before_header(rows)])) for rows in found.values()]
    chosen = max(found, key=lambda name: _size(found[name]))
    if len(set(headers)) == 1:
        return Sheets(found[chosen][:_ROWS], headers[0][0], "*")
    others = tuple(name for name in found if name != chosen)
    return Sheets(found[chosen][:_ROWS], _before_header(found[chosen]), chosen, others)


def _visible(path: Path, form: str, sheet: str | None) -> dict[str, Rows]:
    entry = {"match": "*", "format": form, "sheet": sheet, "entities": {"draft": {"columns": {"nothing": "'x'"}}}}
    with TemporaryDirectory() as scratch, opened(path, FileGroup.model_validate(entry), Path(scratch)) as sheets:
        return {
            sheet.name: [["" if cell is None else str(cell) for cell in row] for row in sheet.rows] for sheet in sheets
        }


def _size(rows: Rows) -> int:
    """The number of cells with a value."""
    return sum(cell != "" for row in rows for cell in row)


def _before_header(rows: Rows) -> int:
    """The number of rows above the header: the first row that is as wide as the rows below it."""
    widths = [sum(cell != "" for cell in row) for row in rows[:_ROWS]]
    wide = [number for number, width in enumerate(widths) if width >= _WIDE * max(widths)]
    return wide[0] if wide and max(widths) > 1 else 0
