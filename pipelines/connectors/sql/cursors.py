"""Values of cursor columns: as text in names of files and checkpoints, as literals of SQL, and with an overlap.

A cursor of the kind `day_text` is a text that begins with a date, as SQLite stores times. Its value is the date in UTC,
by which rows are also ordered: so texts with and without `T`, `Z`, a fraction or an offset can be compared. A text
without an offset is taken as UTC.
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


def reached(kind: Kind, raw: object) -> Value:
    """From which value a stopped pull continues that has read a row.

    Args:
        kind: The kind of the cursor column.
        raw: Its cell in the last row.
    """
    value = value_of(kind, raw)
    # with an offset, the date in UTC can be that of the day before
    return earlier(value, 1440, 0) if kind is Kind.DAY_TEXT else value


def present(kind: Kind, now: datetime, offset: timedelta) -> tuple[Value, Value] | None:
    """The least and the greatest value that the present has; None for a number.

    They differ for a text, because one without an offset may be UTC or local.

    Args:
        kind: The kind of the column.
        now: The server's time, UTC.
        offset: The offset of the server's time zone.
    """
    utc = now.astimezone(UTC)
    local = (utc + offset).replace(tzinfo=None)
    match kind:
        case Kind.NUMBER:
            return None
        case Kind.MOMENT:
            return utc, utc
        case Kind.TIME:
            return local, local
        case Kind.DATE:
            return local.date(), local.date()
        case Kind.DAY_TEXT:
            return min(utc.date(), local.date()), max(utc.date(), local.date())


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
