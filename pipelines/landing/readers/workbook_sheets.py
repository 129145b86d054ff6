"""Opens a workbook, chooses its sheets, and compares the cells that python-calamine reads with a second look.

workbook.py makes records from the sheets.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import workbook_biff, workbook_times, workbook_xml
from pipelines.landing.readers.workbook_cells import Value

Range = tuple[tuple[int, int], tuple[int, int]]
_CHOOSE = "Declare `sheet: <name>` in the mapping; also a list of names, or `*` for all visible sheets of one layout."


@dataclass(frozen=True)
class Sheet:
    """A sheet that has been read. Rows and columns count from 0.

    Attributes:
        name: Its name.
        rows: Its cells, from the first row and column on; an empty cell is an empty text.
        errors: The text of each cell with an error, which is empty in `rows`.
        merged: Its merged cells: the first and the last row and column of each.
    """

    name: str
    rows: list[list[Value]]
    errors: dict[tuple[int, int], str]
    merged: Sequence[Range]

    def cell(self, row: int, column: int) -> Value:
        """The value of a cell, or its error."""
        if found := self.errors.get((row, column)):
            return found
        return self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else ""


@contextmanager
def opened(path: Path, group: FileGroup, scratch: Path) -> Iterator[Iterator[Sheet]]:
    """The sheets that the mapping chooses.

    Args:
        path: The workbook.
        group: The group of the mapping.
        scratch: A folder for a clean copy.

    Raises:
        InputError: The workbook cannot be read, or it is not clear which sheet is meant; also inside the block.
    """
    clean = scratch / "clean.xlsx"
    try:
        look = workbook_xml.copy_checked(path, clean) if group.format == "xlsx" else None
        biff = workbook_biff.look_at(path) if look is None else []
        with CalamineWorkbook.from_path(path if look is None else clean) as book:
            yield _Book(path, book, look, biff).chosen(group.sheet)
    except PasswordError as error:
        raise InputError(
            "the workbook is protected by a password (LND-012)",
            hint="Remove the password in the spreadsheet program, save it, and deliver it again.",
        ) from error
    except CalamineError as error:
        raise InputError(
            f"the workbook cannot be read: {error} (LND-012)", hint="Have the file delivered again."
        ) from error
    finally:
        clean.unlink(missing_ok=True)


class _Book:
    """An open workbook.

    Args:
        path: The workbook.
        book: The workbook as python-calamine reads it.
        look: The second look at an XLSX file; None for XLS.
        biff: The second look at the sheets of an XLS file.
    """

    def __init__(
        self,
        path: Path,
        book: CalamineWorkbook,
        look: workbook_xml.Look | None,
        biff: Sequence[workbook_biff.BiffSheet],
    ) -> None:
        self._path = path
        self._book = book
        self._look = look
        self._biff = biff
        sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        self._is_visible = {one.name: one.visible == SheetVisibleEnum.Visible for one in sheets}

    def chosen(self, patterns: Sequence[str] | None) -> Iterator[Sheet]:
        """The sheets that fit the patterns; without patterns, the only visible sheet that has data.

        A sheet that only a glob finds is left out if it is empty.
        """
        if patterns is None:
            sheets = [self._read(name) for name, is_visible in self._is_visible.items() if is_visible]
            filled = [sheet for sheet in sheets if _has_data(sheet)]
            if len(filled) != 1:
                found = "no visible sheet has data" if not filled else "several sheets have data"
                raise InputError(f"{found}, so it is not clear which one is meant: {self._listed()}", hint=_CHOOSE)
            yield filled[0]
            return
        exact = {name for pattern in patterns if not _is_glob(pattern) for name in self._matching(pattern)}
        names = {name: None for pattern in patterns for name in self._matching(pattern)}
        is_empty = True
        for sheet in map(self._read, names):
            if sheet.name in exact or _has_data(sheet):
                is_empty = False
                yield sheet
        if is_empty:
            raise InputError(f"no visible sheet has data: {self._listed()}", hint=_CHOOSE)

    def _matching(self, pattern: str) -> list[str]:
        wanted = pattern.casefold()
        names = [
            name
            for name, is_visible in self._is_visible.items()
            if (is_visible and fnmatchcase(name.casefold(), wanted) if _is_glob(pattern) else name.casefold() == wanted)
        ]
        if not names:
            raise InputError(
                f"there is no sheet `{printable_name(pattern)}`: {self._listed()}",
                hint="Correct `sheet` in the mapping.",
            )
        return names

    def _listed(self) -> str:
        named = (
            f"`{printable_name(name)}`{'' if is_visible else ' (hidden)'}"
            for name, is_visible in self._is_visible.items()
        )
        return f"the workbook has the sheets {', '.join(named)}" if self._is_visible else "the workbook has no sheet"

    def _read(self, name: str) -> Sheet:
        found = self._book.get_sheet_by_name(name)
        rows = found.to_python(skip_empty_area=False)
        if self._look is not None:
            errors, expected = self._look.sheet(name).errors, self._look.values(name)
            read = sum(len(row) - row.count("") for row in rows)
        else:
            biff = self._biff[self._book.sheet_names.index(name)]
            errors, expected = biff.errors, len(biff.values)
            sheet = Sheet(name, rows, {}, ())
            read = sum(sheet.cell(*place) != "" for place in biff.values)
        if read != expected:
            raise InputError(
                f"sheet {printable_name(name)}: two readers disagree: one finds"
                f" {counted(expected, 'cell')} with a value, the other {read:,}. The file is refused: nothing of"
                " it lands (LND-012)",
                hint="Open it in a spreadsheet program, save it again, and deliver that file. Please report this with a"
                " sample of the file.",
            )
        if times := workbook_times.places_of_times(rows):
            workbook_times.correct(rows, *self._numbers(name, times))
        return Sheet(name, rows, errors, found.merged_cell_ranges or ())

    def _numbers(
        self, name: str, places: set[workbook_times.Place]
    ) -> tuple[dict[workbook_times.Place, tuple[float, int]], workbook_times.NumberFormats]:
        if self._look is not None:
            return self._look.numbers(name, places)
        return workbook_biff.numbers(self._path, self._book.sheet_names.index(name), places)


def _is_glob(pattern: str) -> bool:
    """Whether a pattern has a sign that no name of a sheet can contain."""
    return "*" in pattern or "?" in pattern


def _has_data(sheet: Sheet) -> bool:
    return bool(sheet.errors) or any(cell != "" for row in sheet.rows for cell in row)
