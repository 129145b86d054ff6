"""The text of a workbook's cells, as landing reads them: whole numbers exactly, others with 15 digits, ISO times.

A number that is too large to be exact has an exponent, so that nobody takes it for an ID (lost_digits.py).
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

Value = int | float | str | bool | time | date | datetime | timedelta
_INEXACT = 10**15  # Excel keeps 15 digits, so digits of larger numbers may be lost
_WHOLE = 2**53  # up to here, a number of a file that another program wrote is exact


def is_inexact(value: Value) -> bool:
    """Whether a cell has a number of more than 15 digits, such as a long id that Excel has read as a number."""
    return isinstance(value, int | float) and abs(value) >= _INEXACT


def text_of(value: Value) -> str | None:
    """The text of a cell; None if it is empty. A whole number has no decimal point, and a date has no time."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value)


def texts_of(row: Sequence[Value], width: int) -> list[str | None]:
    """The texts of a row's first cells."""
    return [None if value == "" else text_of(value) for value in row[:width]]


def _number(value: float) -> str:
    if value.is_integer() and abs(value) <= _WHOLE:
        return str(int(value))
    shown = f"{value:.15g}"
    if abs(value) > _WHOLE:
        return shown
    return f"{Decimal(shown):f}" if "e" in shown else shown


def _duration(value: timedelta) -> str:
    """Hours, minutes and seconds; there can be more than 24 hours."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
