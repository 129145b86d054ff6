"""Finds the format of a column of times, and whether the data decide it: `03/04` can be read both ways."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from pipelines.base import quoting
from pipelines.base.entities import ColumnType
from pipelines.config.values import DateOrder
from pipelines.landing import normal

_DATES = (
    *("%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%d/%m/%y", "%m/%d/%y"),
    *("%d.%m.%y", "%Y年%m月%d日", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y"),
    *("%b-%d-%Y", "%b-%d-%y", "%a, %d %b %Y"),
)
_CLOCKS = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z", "T%H:%M:%S"),
    *(", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p"),
)
# The first one that fits all values is preferred.
FORMATS = (
    *("iso", *(day + clock for day, clock in product(_DATES, _CLOCKS))),
    *("%d%b%Y", "%d%b%Y:%H:%M:%S", "%Y%m%d", "%Y%m%d%H%M%S", "epoch_s", "epoch_ms", "excel_1900"),
)
_TRIED = 200  # different values that decide which formats are tried on the whole column
_MOST = 3  # formats of one column
_LEAST_EXCHANGED = 10  # dates, and at least as many texts; with fewer, their days may be chance
_FIRST_YEARS = {"epoch_s": 1990, "epoch_ms": 1990, "excel_1900": 1990}  # a smaller number is a number, not a time
_FIRST_YEAR = 1900
Query = Callable[[str], list[tuple[object, ...]]]


@dataclass(frozen=True)
class Times:
    """How a column of times is written.

    Attributes:
        formats: The formats of a mapping, in the order in which they are tried; empty if the column has no times.
        values: The number of values.
        unread: How many of them fit none of the formats.
        other: Another format that fits as many values and gives other times, if there is one.
        example: A value that the two read differently, and the two times.
        open_values: How many values the two read differently.
        has_offset: Whether every value states its offset from UTC, or is one already (epoch).
        contrary: A format with day and month in the other order. It fits values that fit none of `formats`. Other
            values fit both orders (`open_values`).
        n_contrary: How many of the unread values fit it.
        is_exchanged: Whether a spreadsheet has probably exchanged day and month: all dates have a day from 1 to 12, and
            all texts have a day after the 12th, because the spreadsheet could not read them as dates.
    """

    formats: tuple[str, ...]
    values: int
    unread: int = 0
    other: str = ""
    example: tuple[str, str, str] = ("", "", "")
    open_values: int = 0
    has_offset: bool = False
    contrary: str = ""
    n_contrary: int = 0
    is_exchanged: bool = False


def times_of(query: Query, values: str, kind: ColumnType, today: date, order: DateOrder | None = None) -> Times:
    """How the times of a column are written.

    Args:
        query: Runs SQL.
        values: A relation of the whole column: `value` (text, trimmed; NULL if empty).
        kind: The type of the canonical column, a time or a date.
        today: The current day: a format that gives times after it is taken only if there is no other.
        order: The order of day and month that the user has stated. It decides only what the values leave open.
    """
    query(
        "create or replace temp table draft_times as"  # noqa: S608 (names of ours)
        f" select value, count(*) as n from {values} where value is not null group by value"
    )
    ((count,),) = query("select coalesce(sum(n), 0) from draft_times")
    total = int(str(count))
    sample = f"(from draft_times order by hash(value) limit {_TRIED})"
    shapes = {_shape(str(value)) for (value,) in query(f"select value from {sample}")}  # noqa: S608 (names of ours)
    alike = [form for form in FORMATS if "%" not in form or _shape(form) in shapes]
    tried = _fitting(query, sample, alike, kind, share=0.02)
    counts = _fitting(query, "draft_times", [form for form, _ in tried], kind, share=0.0)
    complete = [form for form, fit in counts if fit == total]
    if not complete:
        contrary = [form for form, _ in counts if _is_contrary(form, order)]
        by_count = dict(sorted(counts, key=lambda one: (-one[1], one[0] in contrary)))
        return _mixed(query, by_count, kind, total, order)
    complete = [form for form in complete if not _is_contrary(form, order)] or complete
    past = [form for form in complete if not _is_future(query, form, kind, today)] or complete
    chosen = past[0]
    for other in past[1:]:
        if differs := difference(query, chosen, other, kind):
            text, first, second, open_values = differs
            return Times((chosen,), total, 0, other, (text, first, second), open_values)
    return Times((chosen,), total, has_offset=_has_offset(query, chosen))


def _is_contrary(form: str, order: DateOrder | None) -> bool:
    """Whether a format begins with day and month, but not in the order that the user has stated."""
    return bool(order) and is_ordered(form) and form[:2] != {"day-first": "%d", "month-first": "%m"}[str(order)]


def is_ordered(form: str) -> bool:
    """Whether a format begins with day and month as numbers, in either order."""
    return form[:2] in ("%d", "%m") and {"%d", "%m"} <= set(re.findall("%[dm]", form))


def _shape(text: str) -> tuple[int, ...]:
    """How often the signs between the parts of a time occur: a format can only read texts of the same shape."""
    return tuple(text.count(sign) for sign in ":/.,年")


def _readings(formats: Sequence[str], kind: ColumnType, relation: str) -> str:
    """A relation of values with their number, and the time `t<i>` that each format reads; NULL if it is not likely."""
    read = ", ".join(f"{normal.readings(kind, 'value', [form], 'UTC')[0]} as r{i}" for i, form in enumerate(formats))
    likely = ", ".join(
        f"case when year(r{i}) between {_FIRST_YEARS.get(form, _FIRST_YEAR)} and 2199 then r{i} end as t{i}"
        for i, form in enumerate(formats)
    )
    return f"(select value, n, {likely} from (select value, n, {read} from {relation}))"  # noqa: S608 (our own formats)


def _fitting(
    query: Query, relation: str, formats: Sequence[str], kind: ColumnType, *, share: float
) -> list[tuple[str, int]]:
    """The formats that fit more than a share of the values, each with the number of values."""
    if not formats:
        return []
    counts = ", ".join(f"sum(n) filter (t{i} is not null)" for i in range(len(formats)))
    ((total, *fit),) = query(f"select sum(n), {counts} from {_readings(formats, kind, relation)}")  # noqa: S608 (our own formats)
    found = ((form, int(str(count or 0))) for form, count in zip(formats, fit, strict=True))
    return [(form, count) for form, count in found if count > share * int(str(total or 0))]


def _mixed(query: Query, formats: Mapping[str, int], kind: ColumnType, total: int, order: DateOrder | None) -> Times:
    """Several formats that together read at least half of the values, from formats with the number that each reads."""
    chosen: list[str] = []
    left = total
    for form in formats:
        tried = [*chosen, form]
        fits = ", ".join(f"t{i}" for i in range(len(tried)))
        readings = _readings(tried, kind, "draft_times")
        ((rest,),) = query(f"select coalesce(sum(n) filter (coalesce({fits}) is null), 0) from {readings}")  # noqa: S608 (our own formats)
        if int(str(rest)) < left and not any(difference(query, one, form, kind) for one in chosen):
            chosen, left = tried, int(str(rest))
        if not left or len(chosen) == _MOST:
            break
    if left > total / 2:
        return Times((), total, total)
    for one, other in product(chosen, formats):
        if _is_contrary(other, order):
            continue
        if formats[other] == formats[one] and (differs := difference(query, one, other, kind)):
            text, first, second, open_values = differs
            return Times(
                (one, *(form for form in chosen if form != one)), total, left, other, (text, first, second), open_values
            )
    if left and (contrary := _contrary(query, formats, chosen, kind)):
        other, n_contrary, open_values = contrary
        return Times(tuple(chosen), total, left, open_values=open_values, contrary=other, n_contrary=n_contrary)
    return Times(tuple(chosen), total, left, is_exchanged=not left and _is_exchanged(query, chosen, kind))


def _contrary(
    query: Query, formats: Mapping[str, int], chosen: list[str], kind: ColumnType
) -> tuple[str, int, int] | None:
    """A format that reads values that no chosen one reads, and reads other values differently; how many of each."""
    unread = f"coalesce({', '.join(f't{i}' for i in range(len(chosen)))}) is null"
    for one, other in product(chosen, formats):
        if other not in chosen and (differs := difference(query, one, other, kind)):
            readings = _readings([*chosen, other], kind, "draft_times")
            of_other = f"{unread} and t{len(chosen)} is not null"
            ((n_contrary,),) = query(f"select coalesce(sum(n) filter ({of_other}), 0) from {readings}")  # noqa: S608 (our own formats)
            if int(str(n_contrary)):
                return other, int(str(n_contrary)), differs[3]
    return None


def _is_exchanged(query: Query, chosen: list[str], kind: ColumnType) -> bool:
    """Whether all dates have a day that can be a month (1 to 12), and all dates written as text have a later day."""
    texts = [form for form in chosen if form[:2] in ("%d", "%m")]
    if len(texts) != 1 or "iso" not in chosen:
        return False
    readings = _readings([texts[0], "iso"], kind, "draft_times")
    ((is_exchanged,),) = query(
        f"select sum(n) filter (t0 is not null) >= {_LEAST_EXCHANGED} and min(day(t0)) > 12"  # noqa: S608 (our own formats)
        f" and sum(n) filter (t0 is null) >= {_LEAST_EXCHANGED} and max(day(t1)) <= 12 from {readings}"
    )
    return bool(is_exchanged)


def _is_future(query: Query, form: str, kind: ColumnType, today: date) -> bool:
    last = quoting.text(f"{today + timedelta(days=2)}")
    readings = _readings([form], kind, "draft_times")
    return bool(query(f"select 1 from {readings} where t0 > {last}::timestamp limit 1"))  # noqa: S608 (our own formats)


def difference(query: Query, one: str, other: str, kind: ColumnType) -> tuple[str, str, str, int] | None:
    """A value that two formats read differently, the two times, and the number of such values; None if there is none.

    The values are those of the latest call of `times_of`.
    """
    found = query(
        "select value, cast(t0 as varchar), cast(t1 as varchar), cast(sum(n) over () as bigint)"  # noqa: S608 (our own formats)
        f" from {_readings([one, other], kind, 'draft_times')} where t0 <> t1 order by value limit 1"
    )
    for text, first, second, count in found:
        return str(text), str(first), str(second), int(str(count))
    return None


def _has_offset(query: Query, form: str) -> bool:
    if form.startswith("epoch") or form.endswith("%z"):
        return True
    pattern = r"(Z|z|[+-]\d\d(:?\d\d)?)$"
    return form == "iso" and not query(
        f"select 1 from draft_times where not regexp_matches(value[12:], {quoting.text(pattern)}) limit 1"  # noqa: S608 (a pattern of ours)
    )
