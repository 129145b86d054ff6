"""The normal form of a canonical value, as SQL on DuckDB: trimmed, in lower case, in UTC, still text.

Three steps, one select each, so that nothing is worked out twice: `extracted`, `trimmed`, `normal`. Whether a value
is allowed is staging's business: what cannot be normalised is passed on as it is, and never in a form that could be
taken for a normalised one.
"""

from collections.abc import Sequence

from pipelines.landing.entities import ColumnType
from pipelines.landing.expressions import quote_text

# Blank, tab, line ends, no-break space, ideographic space, zero-width space, byte order mark.
_BLANKS = " \t\n\r\v\f\u00a0\u3000\u200b\ufeff"
_ISO_LOCAL = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
_ISO_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)? ?(Z|z|[+-]\d{2}(:?\d{2})?)"
_NORMAL_TIME = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_NORMAL_DATE = r"\d{4}-\d{2}-\d{2}"
_TIMES = (ColumnType.TIMESTAMP, ColumnType.DATE)


def is_instant(kind: ColumnType, sql_type: str) -> bool:
    """Whether a value of a DuckDB type is a time already, and wanted as one."""
    return kind in _TIMES and (sql_type == "DATE" or sql_type.startswith("TIMESTAMP"))


def extracted(kind: ColumnType, value: str, sql_type: str, zone: str) -> str:
    """The first step: a value as text, or its time in UTC where it is a time already."""
    if is_instant(kind, sql_type):
        if sql_type == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        return _to_utc(f"cast({value} as timestamp)", zone)
    if sql_type == "JSON":
        return f"({value} ->> '$')"
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def trimmed(name: str) -> str:
    """The second step: a text column without blanks at its ends; empty is NULL."""
    # DuckDB's trim of a set of characters costs ten times what looking at the two ends does, and few values need it.
    odd = " or ".join(f"{name}[{end}] <= ' ' or {name}[{end}] >= '\u0080'" for end in (1, -1))
    return f"nullif(case when {odd} then trim({name}, {quote_text(_BLANKS)}) else {name} end, '')"


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
    if kind is ColumnType.TIMESTAMP:
        tried = ", ".join(f"cast({_instant(name, form, zone)} as varchar)" for form in formats)
        # A text in none of the formats is marked where it would otherwise pass for a time in UTC.
        left = f"case when regexp_full_match({name}, '{_NORMAL_TIME}') then '? ' || {name} else {name} end"
        return f"coalesce({tried}, {left})"
    if kind is ColumnType.DATE:
        tried = ", ".join(f"cast({_local_day(_instant(name, form, zone), zone)} as varchar)" for form in formats)
        return f"coalesce(case when regexp_full_match({name}, '{_NORMAL_DATE}') then {name} end, {tried}, {name})"
    if kind is ColumnType.LOWER or column == "email":
        return f"lower({name})"
    if kind is ColumnType.BOOLEAN:
        return (
            f"case when lower({name}) in ('true', 't', 'yes', 'y', '1') then 'true'"
            f" when lower({name}) in ('false', 'f', 'no', 'n', '0') then 'false' else {name} end"
        )
    return name


def _to_utc(local: str, zone: str) -> str:
    return local if zone == "UTC" else f"timezone('UTC', timezone({quote_text(zone)}, {local}))"


def _local_day(instant: str, zone: str) -> str:
    local = instant if zone == "UTC" else f"timezone({quote_text(zone)}, timezone('UTC', {instant}))"
    return f"cast({local} as date)"


def _instant(name: str, form: str, zone: str) -> str:
    """A UTC TIMESTAMP out of a text in one format, or NULL."""
    if form == "iso":
        return (
            f"case when regexp_full_match({name}, {quote_text(_ISO_OFFSET)})"
            f" then timezone('UTC', try_cast(upper(replace({name}, ' ', 'T')) as timestamptz))"
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
