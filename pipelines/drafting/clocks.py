"""Finds the time of day that a file has in a column of its own, beside the column with the date."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipelines.base import quoting
from pipelines.drafting.matching import Values
from pipelines.drafting.names import compared
from pipelines.drafting.table import Field
from pipelines.drafting.times import Times

_CLOCKS = (
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"),
    (r"\d{1,2}:\d{2} [AaPp][Mm]", "%I:%M %p"),
    (r"\d{1,2}:\d{2}:\d{2} [AaPp][Mm]", "%I:%M:%S %p"),
)
_NAMES = frozenset(
    map(compared, ("time", "time of day", "clock", "uhrzeit", "zeit", "heure", "hora", "ora", "时间", "时刻"))
)
_DATE_WORDS = tuple(map(compared, ("date", "datum", "fecha", "data", "日期")))
_PLAIN = "%Y-%m-%d"  # of `iso`, in a column of dates


@dataclass(frozen=True)
class Clock:
    """A column with the time of day, and how date and time are read together.

    Attributes:
        field: The column.
        times: The formats of date and time with a blank between them.
    """

    field: Field
    times: Times

    def sql(self, date: str, clock: str) -> str:
        """The expression of date and time; the date alone where the time is empty."""
        return f"{date} || coalesce(' ' || {clock}, '')"


def clock_of(values: Values, one: Field, times: Times, *, is_main: bool) -> Clock | None:
    """The time of day of a column of dates; None if the column has times already, or no column has them.

    Args:
        values: The file.
        one: The column of dates.
        times: How it is written.
        is_main: Whether it is the time that each row needs: a column that is called `Time` only is read with this one.
    """
    if not times.formats or not _has_dates_only(values, one, times):
        return None
    wanted = {f"{compared(one.name).replace(word, '')}{name}" for word in _DATE_WORDS for name in _NAMES}
    wanted = wanted - _NAMES | (set(_NAMES) if is_main else set())
    found = [(field, form) for field, form in _clocks(values, one) if compared(field.name) in wanted]
    if len(found) != 1:
        return None
    ((field, form),) = found
    both = [_joined(day, form) for day in times.formats]
    if values.counted(f"{one.column} is not null and {field.column} is null"):
        both += times.formats
    return Clock(field, replace(times, formats=tuple(both), other=times.other and _joined(times.other, form)))


def _has_dates_only(values: Values, one: Field, times: Times) -> bool:
    is_date = all(not {"%H", "%I"} & {form[i : i + 2] for i in range(len(form))} for form in times.formats)
    is_number = any(form != "iso" and "%" not in form for form in times.formats)  # such as epoch_s and excel_1900
    return is_date and not is_number and not values.counted(f"contains({one.column}, ':')")


def _clocks(values: Values, one: Field) -> Iterator[tuple[Field, str]]:
    """The columns whose values are all times of day, with their format."""
    for field in values.rows.fields:
        if field == one or values.is_empty(field):
            continue
        for pattern, form in _CLOCKS:
            text = f"{field.column} is not null and not regexp_full_match({field.column}, {quoting.text(pattern)})"
            if not values.counted(text):
                yield field, form
                break


def _joined(day: str, clock: str) -> str:
    return f"{_PLAIN if day == 'iso' else day} {clock}"
