"""Drafts the entities of a file that no built-in mapping reads: columns, their forms, and what the data leave open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.errors import InputError
from pipelines.base.text import counted
from pipelines.drafting.about_rows import about_rows
from pipelines.drafting.amounts import stated_currency
from pipelines.drafting.clocks import clock_of
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, DraftedEntry, Remark, Wishes, decisive
from pipelines.drafting.element_ids import with_line_ids
from pipelines.drafting.encodings import about_encoding
from pipelines.drafting.keys import Beside, is_key, key_of
from pipelines.drafting.layout import Layout
from pipelines.drafting.line_amounts import with_line_amounts
from pipelines.drafting.line_prices import with_line_prices
from pipelines.drafting.lines_alone import order_ids
from pipelines.drafting.matching import NUMBERS, Match, Values, best
from pipelines.drafting.minor_units import about_minor_units
from pipelines.drafting.names import compared
from pipelines.drafting.no_entity import equal_names, hint, listed, unread_times, why_none
from pipelines.drafting.order_headers import WithHeader, with_header
from pipelines.drafting.people import with_people
from pipelines.drafting.point_kinds import with_point_kind
from pipelines.drafting.price_parts import with_price_parts, without_total
from pipelines.drafting.questions import asked, with_questions
from pipelines.drafting.statuses import classes_differ, no_sales, refunds_not_read, unknown_statuses
from pipelines.drafting.table import Field, Table
from pipelines.drafting.tax_rates import tax_not_read, without_tax_rate
from pipelines.drafting.unmapped import unmapped
from pipelines.drafting.without_amounts import unmapped_numbers
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
_LISTS = {
    "order_lines": ("lineitems", "items", "lines", "orderitems", "orderlines", "products", "positions"),
    "returns": ("refunds", "returns"),
}
_FROM_RECORD = ("order_id", "customer_ref", "email", "phone", "ordered_at", "currency", "updated_at")
_NONE = Beside()
_LIKE = 3.0  # the weight of an entity that a file looks like: two columns, one of which is typical of it


def draft_entry(
    table: Table,
    layout: Layout,
    name: str,
    match: tuple[str, ...],
    wishes: Wishes,
    today: date,
    beside: Sequence[Path] = (),
) -> DraftedEntry:
    """Draft the entry of a file.

    Args:
        table: The file.
        layout: How it is read.
        name: The name of the entry.
        match: The globs that find it.
        wishes: What the user says: the entity, columns, and how to read what can be read in two ways.
        today: The current day.
        beside: The other files of the entry.

    Raises:
        InputError: No entity fits: a column is missing that staging needs.
    """
    entity, chosen = wishes.entity, dict(wishes.columns)
    there = {one.name.lower() for one in table.rows[0].fields}
    if unknown := next((source for source in chosen.values() if source.lower() not in there), None):
        raise InputError(
            f"{table.path}: the file has no column `{unknown}`; its columns are {listed(table.rows[0].fields)}",
            hint="Correct --column.",
        )
    values = Values(table, table.rows[0], today, wishes)
    candidates = best(values, compared(table.path.name), entity, chosen)
    if not entity and candidates and candidates[0].missing and candidates[0].weight < _LIKE:
        candidates = []
    if not candidates or candidates[0].missing:
        raise InputError(
            f"{table.path}: {why_none(candidates)}{unread_times(values)}{equal_names(table)}; the columns are"
            f" {listed(table.rows[0].fields)}",
            hint=hint(table.path, candidates),
        )
    chief, about_rate = without_tax_rate(values, candidates[0], tuple(chosen))
    chief, about_amounts = with_price_parts(values, chief, tuple(chosen))
    header = WithHeader(chief)
    if chief.entity == "order_lines":
        header = with_header(values, chief, compared(table.path.name), chosen)
        chief, about_amounts = header.lines, header.remarks
    chief, about_lines = _with_lines(values, chief, tuple(chosen))
    entities = [_entity(values, chief, Beside(tuple(beside), layout))]
    about_units = about_minor_units(values, chief, str(layout.options.get("format", "csv")))
    about = (*about_rate, *about_amounts, *about_lines, *about_units)
    entities[0] = replace(entities[0], remarks=(*entities[0].remarks, *about))
    if chief.entity == "survey_answers":  # their own module knows questions
        entities = [with_questions(values, entities[0], layout)]
    entities = with_people(values, with_point_kind(entities[0]), compared(table.path.name))
    if header.orders:
        entities.append(_header(values, header, tuple(chosen)))
    for rows in table.rows[1:]:
        if chief.entity == "orders":
            entities += _of_list(Values(table, rows, today, wishes), entities[0], table.path.name)
    remarks = list(about_encoding(table, layout, entities))
    if layout.lists:
        lists = ", ".join(f"`{one}`" for one in layout.lists)
        text = f"the draft reads the records in `{layout.options['records']}` only; the document also has {lists}"
        remarks.append(decisive(f"{text}. Save each list that you need as a file of its own: an entry reads one list"))
    if layout.sheets:
        others = ", ".join(f"`{one}`" for one in layout.sheets)
        text = f"the draft reads the sheet `{layout.options['sheet']}` only; the workbook also has data in {others}"
        remarks.append(decisive(f"{text}. Save each sheet that you need as a file of its own, and draft again"))
    if table.ambiguous:
        names = ", ".join(f"`{name}`" for name in table.ambiguous)
        words = f"several columns are called {names}, so a mapping cannot read them: rename them in the file"
        if layout.options.get("format", "csv") in ("csv", "tsv", "xlsx", "xls"):
            words += ", or name all columns in the mapping: `skip_rows: 1`, `header_rows: 0`, `names`"
        remarks.append(decisive(words))
    remarks += asked(chief.entity, values.rows.fields, {one.column for one in chief.columns.values()})
    if table.unreadable:
        remarks.append(
            Remark(f"{counted(table.unreadable, 'record')} of the file cannot be read; a run lists the lines")
        )
    rival = next((one for one in candidates[1:] if not (header.orders and one.entity == "orders")), None)
    if rival and not rival.missing and (rival.weight >= chief.weight - 1 or _may_be_touches(chief, rival)):
        remarks.append(decisive(f"the file could also be {rival.entity} (--entity {rival.entity})"))
    unread = tuple(unmapped(table, entities))
    statuses = tuple(unknown_statuses(values, chief))
    numbers = unmapped_numbers(values, unread) if chief.entity == "orders" else ()
    remarks += without_total(values, chief, numbers)
    remarks += no_sales(values, chief, unread)
    remarks += refunds_not_read(values, chief, unread)
    if "tax" not in candidates[0].columns:  # otherwise it is decided already
        remarks += tax_not_read(values, header.orders or chief, unread)
    return DraftedEntry(
        name,
        match,
        layout.options,
        tuple(entities),
        remarks=tuple(remarks),
        unmapped=unread,
        statuses=statuses,
        are_statuses_unknown=sum(n for _, n in statuses) > values.counted("true") / 2,
        numbers=numbers,
        order_ids=order_ids(values, chief) if chief.entity in ("orders", "order_lines") else frozenset(),
    )


def _may_be_touches(chief: Match, rival: Match) -> bool:
    """Whether interactions name campaigns: then they may be touches of campaigns, and not contacts with a customer."""
    return chief.entity == "interactions" and rival.entity == "campaign_touches" and "campaign_id" in rival.columns


def _with_lines(values: Values, found: Match, chosen: tuple[str, ...] = ()) -> tuple[Match, tuple[Remark, ...]]:
    """What the rows show about the amounts of order lines."""
    found, about_prices = with_line_prices(values, found, chosen)
    found, about_tax = with_line_amounts(values, found, chosen)
    return found, (*about_prices, *about_tax)


def _entity(values: Values, found: Match, beside: Beside = _NONE) -> DraftedEntity:
    columns = {
        name: _column(values, found, name, beside) for name in ENTITIES[found.entity].columns if name in found.columns
    }
    columns |= _parts(values, found)
    if found.entity == "order_lines" and "unit_price" in columns and not {"quantity", "total"} & set(columns):
        remark = decisive("quantity: no column has it. The draft uses one unit per record")
        columns["quantity"] = DraftedColumn("1", remarks=(remark,))
    columns |= stated_currency(values, found)
    return DraftedEntity(found.entity, columns, remarks=tuple(about_rows(values, found)))


def _header(values: Values, header: WithHeader, chosen: tuple[str, ...]) -> DraftedEntity:
    """The orders of a file whose rows are their lines."""
    assert header.orders
    found, about_rate = without_tax_rate(values, header.orders, chosen)
    found, about_amounts = with_price_parts(values, found, chosen)
    columns = {
        name: _column(values, found, name, _NONE) for name in ENTITIES["orders"].columns if name in found.columns
    }
    where = f"{_inside(header.where)} is not null" if header.where else None
    return DraftedEntity("orders", columns, where=where, remarks=(*about_rate, *about_amounts))


def _column(values: Values, found: Match, name: str, beside: Beside) -> DraftedColumn:
    """One canonical column with the form of its values."""
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
        sql = numbers.sql.replace("{}", _inside(one)) if numbers.sql else sql
        if numbers.other:
            both = f"{name}: `{one.name}` is written {numbers.why}, or {numbers.other}: every value fits both"
            remarks.append(decisive(f"{both}. The draft uses the first", "decimals"))
        elif numbers.why:
            remarks.append(Remark(f"{name}: `{one.name}` is written {numbers.why}"))
        if numbers.doubt:
            remarks.append(Remark(f"{name}: `{one.name}`: {numbers.doubt}", True))
        below_zero = _is_rejected_below_zero(found.entity, name)
        if (name == "discount" or (below_zero and found.entity == "returns")) and values.is_negative(one):
            sql = f"replace({sql if numbers.sql else _inside(one)}, '-', '')"
            remarks.append(Remark(f"{name}: `{one.name}` is written with a minus sign (removed)"))
        elif below_zero and (negative := values.counted(f"{values.amount(one)} < 0")):
            text = f"{name}: {counted(negative, 'record has', 'records have')} a negative `{one.name}`, which staging"
            remarks.append(Remark(f"{text} rejects. {_NEGATIVE.get(found.entity, _NEGATIVE_ELSE)}", True))
        if numbers.unread:
            no_numbers = counted(numbers.unread, "value that is not a number", "values that are not numbers")
            remarks.append(Remark(f"{name}: `{one.name}` has {no_numbers}: {_QUARANTINED}", True))
    elif is_key(name) and (key := key_of(values, one, _inside(one), name, beside)):
        sql, about = key
        remarks += about
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
        times, sql = clock.times, clock.sql(_inside(one), _inside(clock.field))
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
    if times.unread:
        odd = counted(times.unread, "value that fits", "values that fit")
        remarks.append(Remark(f"{name}: `{one.name}` has {odd} none of the formats: {_QUARANTINED}", True))
    if len(times.formats) > 1 and sql == one.sql:
        remarks.append(Remark(f"{name}: `{one.name}` is written in {len(times.formats)} formats"))
    is_utc = not times.has_offset and says_utc(one.name)
    is_local = kind is ColumnType.TIMESTAMP and bool(times.formats) and not times.has_offset and not is_utc
    return DraftedColumn(sql, times.formats, "UTC" if is_utc else None, is_local, tuple(remarks))


def _short(time: str) -> str:
    return time.removesuffix(" 00:00:00")


def _inside(one: Field) -> str:
    """A column inside an expression: a name that is not SQL in double quotes."""
    return one.sql if one.sql.startswith('"') or len(one.path) > 1 or one.sql.isidentifier() else quoting.name(one.name)


def _accepted(values: Values, one: Field, name: str, accepted: tuple[str, ...]) -> Iterator[Remark]:
    listed = ", ".join(quoting.text(value) for value in accepted)
    if odd := values.counted(f"lower({one.column}) not in ({listed})"):
        odd_values = counted(odd, "value that is", "values that are")
        yield Remark(
            f"{name}: `{one.name}` has {odd_values} none of {', '.join(accepted)}: {_QUARANTINED}. {_MAP_VALUES}", True
        )


def _parts(values: Values, found: Match) -> dict[str, DraftedColumn]:
    """The name of a person from first and last name."""
    if found.entity != "customers" or "name" in found.columns:
        return {}
    known = {compared(one.name): one for one in values.rows.fields}
    names = (("firstname", "vorname", "prenom", "givenname"), ("lastname", "nachname", "nom", "surname", "familyname"))
    parts = [next((known[name] for name in listed if name in known), None) for listed in names]
    there = [_inside(one) for one in parts if one]
    return {"name": DraftedColumn(f"concat_ws(' ', {', '.join(there)})")} if len(there) == 2 else {}


def _of_list(values: Values, order: DraftedEntity, file_name: str) -> Iterator[DraftedEntity]:
    """The order lines or returns in a list of each order; nothing if the list has something else."""
    each = values.rows.each or ""
    entity = next((name for name, lists in _LISTS.items() if compared(each) in lists), None)
    if entity is None:
        return
    (found,) = best(values, compared(file_name), entity, {})
    found, about_ids = with_line_ids(values, found)
    found, about_rate = without_tax_rate(values, found, ())
    found, about_lines = _with_lines(values, found)
    own = _entity(values, found)
    if not {"total", "gross"} & set(order.columns):
        about_lines = (*about_lines, *about_minor_units(values, found, "json"))
    own = replace(own, remarks=(*own.remarks, *about_ids, *about_rate, *about_lines))
    allowed = ENTITIES[entity].columns
    taken = {name: order.columns[name] for name in _FROM_RECORD if name in order.columns and name in allowed}
    taken = {name: replace(column, remarks=()) for name, column in taken.items()}
    yield replace(own, columns={**own.columns, **taken}, each=each)
