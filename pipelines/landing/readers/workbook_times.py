"""Cells that python-calamine reads as a time of day: numbers below 1 with the format of a date or a time.

In a workbook of the date system 1904, such a number with the format of a date is the day 1904-01-01, and not a time.
A negative number is neither; python-calamine reads it as midnight. So the number and its format are looked up again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from pipelines.landing.readers.workbook_cells import Value

Place = tuple[int, int]
_FIRST_1904 = date(1904, 1, 1)
# Formats that have a number and no text in the file. 27 to 36 and 50 to 58 are those of East Asian programs.
_BUILT_IN_DATES = {14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)}
_NOT_A_SIGN = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')


@dataclass
class NumberFormats:
    """The number formats of a workbook.

    Attributes:
        is_1904: Whether its days count from 1904-01-01.
        codes: The text of each format that the file defines, by its number.
        of_styles: The number of the format of each cell style.
    """

    is_1904: bool = False
    codes: dict[int, str] = field(default_factory=dict)
    of_styles: list[int] = field(default_factory=list)

    def is_date(self, style: int) -> bool:
        """Whether a cell style shows the day, the month or the year of a number."""
        number = self.of_styles[style] if style < len(self.of_styles) else 0
        if number not in self.codes:
            return number in _BUILT_IN_DATES
        signs = _NOT_A_SIGN.sub("", self.codes[number]).partition(";")[0].lower()
        return bool({"y", "d"} & set(signs)) or ("m" in signs and not {"h", "s"} & set(signs))


def places_of_times(rows: Sequence[Sequence[Value]]) -> set[Place]:
    """The places of the cells that were read as a time of day."""
    return {
        (number, column) for number, row in enumerate(rows) for column, cell in enumerate(row) if isinstance(cell, time)
    }


def correct(rows: Sequence[list[Value]], numbers: Mapping[Place, tuple[float, int]], formats: NumberFormats) -> None:
    """Replace the times of day that are none: by the day 1904-01-01 with the time, or by the negative number.

    Args:
        rows: The cells of a sheet.
        numbers: The number and the style of the cells that were read as a time of day.
        formats: The number formats of the workbook.
    """
    for (row, column), (number, style) in numbers.items():
        cell = rows[row][column]
        if number < 0:
            rows[row][column] = number
        elif isinstance(cell, time) and formats.is_1904 and formats.is_date(style):
            rows[row][column] = datetime.combine(_FIRST_1904, cell) if cell != time() else _FIRST_1904
