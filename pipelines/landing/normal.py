"""The normal form of a canonical value, as DuckDB SQL: trimmed, in lower case, in UTC, still text.

There are three steps, each in its own SELECT so that nothing is computed twice: `extracted`, `cells.trimmed`, `normal`.
Staging decides whether a value is allowed. A value that cannot be normalised stays unchanged, but never looks like a
normalised value.
"""

from collections.abc import Sequence

from pipelines.base import quoting
from pipelines.base.entities import ColumnType

_ISO_LOCAL = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
# No time zone is more than 15 hours from UTC.
_ISO_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)? ?(Z|z|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
_NORMAL_TIME = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_NORMAL_DATE = r"\d{4}-\d{2}-\d{2}"
_NORMAL_INTEGER = r"[+-]?\d+"
_NORMAL_NUMBER = r"[+-]?\d+(\.\d+)?"
TIMES = (ColumnType.TIMESTAMP, ColumnType.DATE)
# Per format of Excel's day numbers: day 0, and the first number that is read. In the date system 1900, the numbers up
# to 60 are one day off, because of a day that never was: 29 February 1900.
EXCEL_DAYS = {"excel_1900": ("1899-12-30", 61), "excel_1904": ("1904-01-01", 0)}


def is_instant(kind: ColumnType, sql_type: str) -> bool:
    """Whether a column is a time or date and the expression's DuckDB type is one already."""
    return kind in TIMES and (sql_type == "DATE" or sql_type.startswith("TIMESTAMP"))


def extracted(kind: ColumnType, value: str, sql_type: str, zone: str) -> str:
    """The first step: the value as text, or in UTC if it is a time already."""
    if is_instant(kind, sql_type):
        if sql_type == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        return _to_utc(f"cast({value} as timestamp)", zone)
    if sql_type == "JSON":
        return f"({value} ->> '$')"
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def normal(kind: ColumnType, column: str, name: str, sql_type: str, formats: Sequence[str], zone: str) -> str:
    """The third step: a column of trimmed texts or of times in normal form, as SQL of type VARCHAR.

    Args:
        kind: The type of the column.
        column: The canonical column. E-mail addresses become lower case although their type is PERSONAL.
        name: The SQL name of the value.
        sql_type: The DuckDB type of the expression.
        formats: The formats of times and dates, in the order in which they are tried.
        zone: The zone of times without an offset. A time in an hour that occurs twice (the clock goes back) is read as
            the second one, in standard time. A time in a skipped hour is read with the offset before the change, so it
            moves forward by the gap.
    """
    if is_instant(kind, sql_type):
        return f"cast({name if kind is ColumnType.TIMESTAMP else _local_day(name, zone)} as varchar)"
    if kind in TIMES:
        tried = ", ".join(f"cast({reading} as varchar)" for reading in readings(kind, name, formats, zone))
        if kind is ColumnType.DATE:
            return f"coalesce({tried}, {name})"
        # A text that fits no format gets a mark if it would otherwise look like a time in UTC.
        left = f"case when regexp_full_match({name}, '{_NORMAL_TIME}') then '? ' || {name} else {name} end"
        return f"coalesce({tried}, {left})"
    if kind is ColumnType.LOWER or column == "email":
        return f"lower({name})"
    if kind is ColumnType.BOOLEAN:
        return (
            f"case when lower({name}) in ('true', 't', 'yes', 'y', '1') then 'true'"
            f" when lower({name}) in ('false', 'f', 'no', 'n', '0') then 'false' else {name} end"
        )
    return name


def differ(readings: Sequence[str]) -> str:
    """SQL that checks whether the times read from one text differ. Times that staging would reject do not count."""
    likely = ", ".join(f"case when year({reading}) between 1800 and 2199 then {reading} end" for reading in readings)
    return f"len(list_distinct([{likely}])) > 1"


def readings(kind: ColumnType, name: str, formats: Sequence[str], zone: str) -> list[str]:
    """The time of a trimmed text by each of the formats, or NULL."""
    instants = (instant(name, form, zone) for form in formats)
    return [_local_day(one, zone) if kind is ColumnType.DATE else one for one in instants]


def fits(kind: ColumnType, name: str) -> str:
    """SQL that checks whether a value in normal form has the form of its type; true for NULL."""
    shapes = {
        ColumnType.TIMESTAMP: _NORMAL_TIME,
        ColumnType.DATE: _NORMAL_DATE,
        ColumnType.INTEGER: _NORMAL_INTEGER,
        ColumnType.BOOLEAN: "true|false",
        **dict.fromkeys((ColumnType.AMOUNT, ColumnType.PRICE, ColumnType.RATE), _NORMAL_NUMBER),
    }
    return f"coalesce(regexp_full_match({name}, '{shapes[kind]}'), true)" if kind in shapes else "true"


def _to_utc(local: str, zone: str) -> str:
    return local if zone == "UTC" else f"timezone('UTC', timezone({quoting.text(zone)}, {local}))"


def _local_day(instant: str, zone: str) -> str:
    local = instant if zone == "UTC" else f"timezone({quoting.text(zone)}, timezone('UTC', {instant}))"
    return f"cast({local} as date)"


def instant(name: str, form: str, zone: str) -> str:
    """The UTC TIMESTAMP of a text in one format, or NULL."""
    if form == "iso":
        joined = f"{name}[:10] || 'T' || replace({name}[12:], ' ', '')"  # there may be a blank before the offset
        return (
            f"case when regexp_full_match({name}, {quoting.text(_ISO_OFFSET)})"
            f" then timezone('UTC', try_cast(upper({joined}) as timestamptz))"
            f" when regexp_full_match({name}, {quoting.text(_ISO_LOCAL)})"
            f" then {_to_utc(f'try_cast({name} as timestamp)', zone)} end"
        )
    if form in EXCEL_DAYS:
        first, least = EXCEL_DAYS[form]
        days = f"try_cast(replace({name}, ',', '.') as double)"
        moved = f"timestamp '{first}' + to_seconds(cast(round({days} * 86400) as bigint))"
        return (
            f"case when regexp_full_match({name}, '\\d{{1,6}}([.,]\\d+)?') and {days} >= {least}"
            f" then {_to_utc(moved, zone)} end"
        )
    if form in ("epoch_s", "epoch_ms"):
        digits, micros = (11, 1_000_000) if form == "epoch_s" else (14, 1_000)
        return (
            f"case when regexp_full_match({name}, '-?\\d{{1,{digits}}}(\\.\\d{{1,6}})?')"
            f" then make_timestamp(cast(try_cast({name} as decimal(24, 6)) * {micros} as bigint)) end"
        )
    parsed = f"try_strptime({name}, {quoting.text(form)})"
    return f"timezone('UTC', {parsed})" if "%z" in form or "%Z" in form else _to_utc(parsed, zone)
