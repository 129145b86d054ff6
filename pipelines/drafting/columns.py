"""Drafts the canonical columns of an entity: expressions, the forms of values, and what the values leave open."""

from collections.abc import Iterator
from dataclasses import replace

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.text import counted
from pipelines.drafting.clocks import clock_of
from pipelines.drafting.drafted import DraftedColumn, Remark, decisive
from pipelines.drafting.keys import Beside, is_key, key_of
from pipelines.drafting.matching import NUMBERS, Match, Values
from pipelines.drafting.names import compared
from pipelines.drafting.statuses import classes_differ
from pipelines.drafting.table import Field
from pipelines.drafting.zones import says_utc
from pipelines.landing.normal import TIMES

_NEGATIVE_SALE = "If they are returns, map them as `returns`; otherwise leave them out with `skips`"
_NEGATIVE_RETURN = (
    "Map what was given back as a positive number, and leave out records that are not returns with `skips`"
)
_NEGATIVE = dict.fromkeys(("orders", "order_lines", "payments"), _NEGATIVE_SALE) | {"returns": _NEGATIVE_RETURN}
_NEGATIVE_ELSE = "Have them corrected at the source, or leave the column out"
_QUARANTINED = "these rows will be quarantined"
_MAP_VALUES = "Write a value map (`values`)"


def drafted_columns(values: Values, found: Match, beside: Beside) -> dict[str, DraftedColumn]:
    """The columns of an entity that were found, each with the form of its values."""
    names = (name for name in ENTITIES[found.entity].columns if name in found.columns)
    return {name: _column(values, found, name, beside) for name in names}


def _column(values: Values, found: Match, name: str, beside: Beside) -> DraftedColumn:
    one, kind = found.columns[name], ENTITIES[found.entity].columns[name]
    others = found.others.get(name, ())
    remarks = []
    if kind in (*NUMBERS, *TIMES):
        others = tuple(it for it in others if not values.are_equal(one, it))
    elif name == "status":
        others = tuple(it for it in others if classes_differ(values, one, it))
    if others:
        text = f"{name}: `{one.name}` is read; it could also be {' or '.join(f'`{it.name}`' for it in others)}"
        if name == "status":
            text = f"{text}. For some orders the two say different things, such as paid and cancelled"
        is_decisive = kind in (*NUMBERS, *TIMES) or name == "status"
        remarks.append(decisive(text) if is_decisive else Remark(text, is_open=True))
    if kind in TIMES:
        is_main = (name,) in ENTITIES[found.entity].needs or (found.entity, name) == ("order_lines", "ordered_at")
        time = _time(values, one, kind, name, is_main=is_main)
        return replace(time, remarks=(*time.remarks, *remarks))
    sql = one.sql
    if kind in NUMBERS:
        numbers = values.numbers(one)
        sql = numbers.sql.replace("{}", inside(one)) if numbers.sql else sql
        if numbers.other:
            both = f"{name}: `{one.name}` is written {numbers.why}, or {numbers.other}: every value fits both"
            remarks.append(decisive(f"{both}. The draft uses the first", "decimals"))
        elif numbers.why:
            remarks.append(Remark(f"{name}: `{one.name}` is written {numbers.why}"))
        if numbers.doubt:
            remarks.append(Remark(f"{name}: `{one.name}`: {numbers.doubt}", True))
        below_zero = _is_rejected_below_zero(found.entity, name)
        if (name == "discount" or (below_zero and found.entity == "returns")) and values.is_negative(one):
            sql = f"replace({sql if numbers.sql else inside(one)}, '-', '')"
            remarks.append(Remark(f"{name}: `{one.name}` is written with a minus sign (removed)"))
        elif below_zero and (negative := values.counted(f"{values.amount(one)} < 0")):
            text = f"{name}: {counted(negative, 'record has', 'records have')} a negative `{one.name}`, which staging"
            remarks.append(Remark(f"{text} rejects. {_NEGATIVE.get(found.entity, _NEGATIVE_ELSE)}", True))
        if numbers.unread:
            no_numbers = counted(numbers.unread, "value that is not a number", "values that are not numbers")
            remarks.append(Remark(f"{name}: `{one.name}` has {no_numbers}: {_QUARANTINED}", True))
    elif is_key(name) and (key := key_of(values, one, inside(one), name, beside)):
        sql, about = key
        remarks += about
    elif name == "currency" and values.counted(f"regexp_full_match({one.column}, '[a-z]{{3}}')"):
        sql = f"upper({inside(one)})"
        remarks.append(
            Remark(f"{name}: `{one.name}` has codes in lower case; the draft writes them in capital letters")
        )
    elif accepted := ENTITIES[found.entity].accepted.get(name):
        remarks += _accepted(values, one, name, accepted)
    elif kind is ColumnType.BOOLEAN:
        known = "('true', 't', 'yes', 'y', '1', 'false', 'f', 'no', 'n', '0')"
        if odd := values.counted(f"lower({one.column}) not in {known}"):
            odd_values = counted(odd, "value that is", "values that are")
            remarks.append(Remark(f"{name}: `{one.name}` has {odd_values} neither true nor false. {_MAP_VALUES}", True))
    return DraftedColumn(sql, remarks=tuple(remarks))


def _is_rejected_below_zero(entity: str, name: str) -> bool:
    """Whether staging rejects numbers below 0 in a column. `about_rows` has the remark about quantities of lines."""
    rejects = any(rule.reject == "negative" and name in rule.columns for rule in ENTITIES[entity].rules)
    return rejects and (entity, name) != ("order_lines", "quantity")


def _time(values: Values, one: Field, kind: ColumnType, name: str, *, is_main: bool) -> DraftedColumn:
    times, sql = values.times(one, kind), one.sql
    remarks = []
    if kind is ColumnType.TIMESTAMP and (clock := clock_of(values, one, times, is_main=is_main)):
        times, sql = clock.times, clock.sql(inside(one), inside(clock.field))
        remarks.append(Remark(f"{name}: `{one.name}` has the date and `{clock.field.name}` the time of day"))
    if times.other:
        text, first, second = times.example
        remarks.append(
            decisive(
                f"{name}: {'most values' if times.unread else 'every value'} of `{one.name}`"
                f" fit{'' if times.unread else 's'} both `{times.formats[0]}` and `{times.other}`, and"
                f" {counted(times.open_values, 'value becomes', 'values become')} different times: `{text}` is"
                f" {_short(first)} or {_short(second)}. The draft uses `{times.formats[0]}`",
                "dates",
            )
        )
    if times.contrary:
        fit = counted(times.n_contrary, "value fits", "values fit")
        can_be_both = counted(times.open_values, "value fits", "values fit")
        remarks.append(
            decisive(
                f"{name}: `{one.name}` has day and month in two orders: {fit} only `{times.contrary}`, others only"
                f" `{times.formats[0]}`. {can_be_both} both, and may get the wrong day. Export the file again with one"
                " format"
            )
        )
    elif times.is_exchanged:
        remarks.append(
            decisive(
                f"{name}: in `{one.name}`, all dates have a day from 1 to 12, and all dates written as text have a day"
                " after the 12th. A spreadsheet has probably exchanged day and month of the dates. Export the file"
                " again with this column as text"
            )
        )
    if times.unread > times.n_contrary:
        odd = counted(times.unread - times.n_contrary, "value that fits", "values that fit")
        remarks.append(Remark(f"{name}: `{one.name}` has {odd} none of the formats: {_QUARANTINED}", True))
    if len(times.formats) > 1 and sql == one.sql:
        remarks.append(Remark(f"{name}: `{one.name}` is written in {len(times.formats)} formats"))
    is_utc = not times.has_offset and says_utc(one.name)
    is_local = kind is ColumnType.TIMESTAMP and bool(times.formats) and not times.has_offset and not is_utc
    return DraftedColumn(sql, times.formats, "UTC" if is_utc else None, is_local, tuple(remarks))


def _short(time: str) -> str:
    return time.removesuffix(" 00:00:00")


def inside(one: Field) -> str:
    """A column inside an expression: a name that is not SQL in double quotes."""
    return one.sql if one.sql.startswith('"') or len(one.path) > 1 or one.sql.isidentifier() else quoting.name(one.name)


def _accepted(values: Values, one: Field, name: str, accepted: tuple[str, ...]) -> Iterator[Remark]:
    listed = ", ".join(quoting.text(value) for value in accepted)
    if odd := values.counted(f"lower({one.column}) not in ({listed})"):
        odd_values = counted(odd, "value that is", "values that are")
        yield Remark(
            f"{name}: `{one.name}` has {odd_values} none of {', '.join(accepted)}: {_QUARANTINED}. {_MAP_VALUES}", True
        )


def name_of_parts(values: Values, found: Match) -> dict[str, DraftedColumn]:
    """The name of a person from first and last name."""
    if found.entity != "customers" or "name" in found.columns:
        return {}
    known = {compared(one.name): one for one in values.rows.fields}
    names = (("firstname", "vorname", "prenom", "givenname"), ("lastname", "nachname", "nom", "surname", "familyname"))
    parts = [next((known[name] for name in listed if name in known), None) for listed in names]
    there = [inside(one) for one in parts if one]
    return {"name": DraftedColumn(f"concat_ws(' ', {', '.join(there)})")} if len(there) == 2 else {}
