"""The normal form of a canonical value, as SQL on DuckDB: trimmed, in lower case, in UTC, still text.

Three steps, one select each, so that nothing is worked out twice: `extracted`, `cells.trimmed`, `normal`. Whether a
value is allowed is staging's business: what cannot be normalised is passed on as it is, and never in a form that could
be taken for a normalised one.
"""

from collections.abc import Sequence

from pipelines.base.entities import ColumnType
from pipelines.landing.expressions import quote_text

_ISO_LOCAL = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
# No clock is more than 15 hours from UTC.
_ISO_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)? ?(Z|z|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
_NORMAL_TIME = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_NORMAL_DATE = r"\d{4}-\d{2}-\d{2}"
_NORMAL_INTEGER = r"[+-]?\d+"
_NORMAL_NUMBER = r"[+-]?\d+(\.\d+)?"
TIMES = (ColumnType.TIMESTAMP, ColumnType.DATE)


def is_instant(kind: ColumnType, sql_type: str) -> bool:
    """Whether a value of a DuckDB type is a time already, and wanted as one."""
    return kind in TIMES and (sql_type == "DATE" or sql_type.startswith("TIMESTAMP"))


def extracted(kind: ColumnType, value: str, sql_type: str, zone: str) -> str:
    """The first step: a value as text, or its time in UTC where it is a time already."""
    if is_instant(kind, sql_type):
        if sql_type == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        return _to_utc(f"cast({value} as timestamp)", zone)
    if sql_type == "JSON":
        return f"({value} ->> '$')"
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def normal(kind: ColumnType, column: str, name: str, sql_type: str, formats: Sequence[str], zone: str) -> str:
    """The third step: a column of trimmed texts, or of times, in normal form, as SQL of type VARCHAR.

    Args:
        kind: What the column holds.
        column: The canonical column: e-mail addresses are put in lower case, though they are PERSONAL.
        name: SQL name of the value.
        sql_type: DuckDB's type of the expression.
        formats: Formats of times and dates, in the order in which they are tried.
        zone: Zone of times without an offset. An hour that happens twice is read as the second one (standard time); an
            hour that is skipped is read with the offset in force before it, so the clock moves on by the gap.
    """
    if is_instant(kind, sql_type):
        return f"cast({name if kind is ColumnType.TIMESTAMP else _local_day(name, zone)} as varchar)"
    if kind in TIMES:
        tried = ", ".join(f"cast({reading} as varchar)" for reading in readings(kind, name, formats, zone))
        if kind is ColumnType.DATE:
            return f"coalesce({tried}, {name})"
        # A text in none of the formats is marked where it would otherwise pass for a time in UTC.
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
    """Whether times that were read out of one text are different, those that staging would refuse aside."""
    likely = ", ".join(f"case when year({reading}) between 1800 and 2199 then {reading} end" for reading in readings)
    return f"len(list_distinct([{likely}])) > 1"


def readings(kind: ColumnType, name: str, formats: Sequence[str], zone: str) -> list[str]:
    """What a trimmed text is by each of the formats, or NULL."""
    instants = (instant(name, form, zone) for form in formats)
    return [_local_day(one, zone) if kind is ColumnType.DATE else one for one in instants]


def fits(kind: ColumnType, name: str) -> str:
    """Whether a value in normal form has the shape of its type; NULL has."""
    shapes = {
        ColumnType.TIMESTAMP: _NORMAL_TIME,
        ColumnType.DATE: _NORMAL_DATE,
        ColumnType.INTEGER: _NORMAL_INTEGER,
        ColumnType.BOOLEAN: "true|false",
        **dict.fromkeys((ColumnType.AMOUNT, ColumnType.PRICE, ColumnType.RATE), _NORMAL_NUMBER),
    }
    return f"coalesce(regexp_full_match({name}, '{shapes[kind]}'), true)" if kind in shapes else "true"


def _to_utc(local: str, zone: str) -> str:
    return local if zone == "UTC" else f"timezone('UTC', timezone({quote_text(zone)}, {local}))"


def _local_day(instant: str, zone: str) -> str:
    local = instant if zone == "UTC" else f"timezone({quote_text(zone)}, timezone('UTC', {instant}))"
    return f"cast({local} as date)"


def instant(name: str, form: str, zone: str) -> str:
    """A UTC TIMESTAMP out of a text in one format, or NULL."""
    if form == "iso":
        joined = f"{name}[:10] || 'T' || replace({name}[12:], ' ', '')"  # a blank may stand before the offset
        return (
            f"case when regexp_full_match({name}, {quote_text(_ISO_OFFSET)})"
            f" then timezone('UTC', try_cast(upper({joined}) as timestamptz))"
            f" when regexp_full_match({name}, {quote_text(_ISO_LOCAL)})"
            f" then {_to_utc(f'try_cast({name} as timestamp)', zone)} end"
        )
    if form in ("epoch_s", "epoch_ms"):
        digits, micros = (11, 1_000_000) if form == "epoch_s" else (14, 1_000)
        return (
            f"case when regexp_full_match({name}, '-?\\d{{1,{digits}}}(\\.\\d{{1,6}})?')"
            f" then make_timestamp(cast(try_cast({name} as decimal(24, 6)) * {micros} as bigint)) end"
        )
    parsed = f"try_strptime({name}, {quote_text(form)})"
    return f"timezone('UTC', {parsed})" if "%z" in form or "%Z" in form else _to_utc(parsed, zone)
