"""Columns of Arrow in which no value is changed. What a type cannot hold is an error that names the column."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.base.errors import PullError

_HINT = "read the table by a `query` that casts this column to a text"
_EARLIEST, _LATEST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)


def array_of(name: str, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of values as a driver gives them. Bytes become hexadecimal digits.

    Args:
        name: The column, for errors.
        values: Numbers, texts, bytes or None.
        kind: The type.

    Raises:
        PullError: A value does not fit the type.
    """
    # unsigned numbers are not inferred beside None
    found = _inferred(values, kind) if pa.types.is_integer(kind) else None
    found = _inferred(values) if found is None else found
    if pa.types.is_string(kind) and not (found is not None and found.type in (pa.string(), pa.null())):
        found = _inferred([_text(one) for one in values])
    if found is None:
        raise _refused(name, kind)
    return as_type(name, found, kind)


def as_type(name: str, found: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column of Arrow, cast to its type and checked.

    Args:
        name: The column, for errors.
        found: What was read.
        kind: The type.

    Raises:
        PullError: A value does not fit the type: it is out of range, or a text is not UTF-8.
    """
    try:
        if found.type != kind:
            found = found.cast(kind)
        found.validate(full=True)  # texts are UTF-8
    except pa.ArrowException as problem:
        raise _refused(name, kind) from problem  # its own text has the value
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        _check_years(name, found)
    return found


def _check_years(name: str, found: pa.Array) -> None:
    """Refuse what the drivers have made of `infinity` and of years that no calendar of Python, DuckDB or BI has."""
    is_date = pa.types.is_date(found.type)
    whole = pa.int32() if is_date else pa.int64()
    least, most = pc.min_max(found.view(whole)).values()
    first = pa.scalar(_EARLIEST.date() if is_date else _EARLIEST, pa.date32() if is_date else pa.timestamp("us"))
    last = pa.scalar(_LATEST.date() if is_date else _LATEST, first.type)
    if least.is_valid and (least.as_py() < first.cast(whole).as_py() or most.as_py() > last.cast(whole).as_py()):
        raise PullError(
            f"column `{name}` has a {'date' if is_date else 'time'} that is not of the years 1 to 9999"
            " (`infinity` is one)",
            hint=_HINT,
        )


def _refused(name: str, kind: pa.DataType) -> PullError:
    what = "a text that is not UTF-8" if pa.types.is_string(kind) else f"a value that is not of the type {kind}"
    return PullError(f"column `{name}` has {what}", hint=_HINT)


def _inferred(values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Array | None:
    """A column of the type that the values have; None if it cannot be: they have several, or a text is not UTF-8."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, date) else str(value)
