"""Values of cursor columns: as text in names of files and checkpoints, as literals of SQL, and with an overlap.

A cursor of the kind `day_text` is a text that begins with a date, as SQLite stores times. Texts are compared as texts,
so its value is the date: all texts of that day are greater or equal, whatever separates date and time.
"""

import math
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

Value = int | date | datetime


class Kind(StrEnum):
    """What a cursor column has."""

    NUMBER = "number"
    DATE = "date"
    TIME = "time"  # without zone
    MOMENT = "moment"  # with zone
    DAY_TEXT = "day_text"


def value_of(kind: Kind, raw: object) -> Value:
    """The value of a cell of a cursor column. Times are rounded down to microseconds.

    Args:
        kind: The kind of the column.
        raw: The cell as Python has it; also the text of `text_of`.
    """
    if kind is Kind.NUMBER:
        return int(str(raw))
    if isinstance(raw, str):
        raw = date.fromisoformat(raw[:10]) if kind in (Kind.DATE, Kind.DAY_TEXT) else datetime.fromisoformat(raw)
    if isinstance(raw, datetime):
        return raw.astimezone(UTC) if kind is Kind.MOMENT else raw.replace(tzinfo=None)
    assert isinstance(raw, date)
    return raw


def text_of(value: Value) -> str:
    """A value as text."""
    return str(value) if isinstance(value, int) else value.isoformat()


def present(kind: Kind, now: datetime, offset: timedelta) -> Value | None:
    """The greatest value that is not in the future; None for a number.

    Args:
        kind: The kind of the column.
        now: The server's time, UTC.
        offset: The offset of the server's time zone.
    """
    match kind:
        case Kind.NUMBER:
            return None
        case Kind.MOMENT:
            return now.astimezone(UTC)
        case Kind.TIME:
            return (now.astimezone(UTC) + offset).replace(tzinfo=None)
        case Kind.DATE | Kind.DAY_TEXT:
            return (now.astimezone(UTC) + offset).date()


def is_after(value: Value, other: Value) -> bool:
    """Whether a value is greater than another one of its kind."""
    return [value] > [other]


def earlier(value: Value, minutes: int, numbers: int) -> Value:
    """A value minus the overlap. The least value of its kind is not passed."""
    try:
        if isinstance(value, int):
            return value - numbers
        if isinstance(value, datetime):
            return value - timedelta(minutes=minutes)
        return value - timedelta(days=math.ceil(minutes / 1440))
    except OverflowError:
        return datetime.min.replace(tzinfo=value.tzinfo) if isinstance(value, datetime) else date.min


def literal(value: Value, cast_type: str | None) -> str:
    """A value in SQL.

    Args:
        value: The value.
        cast_type: The type to which its text is cast; None for texts.
    """
    if isinstance(value, int):
        return str(value)
    text = value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return f"cast('{text}' as {cast_type})" if cast_type else f"'{text}'"
