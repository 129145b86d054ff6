"""Drafts the entities of a file that no built-in mapping reads: columns, their forms, and what the data leave open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import InputError
from pipelines.base.text import counted
from pipelines.drafting.about_rows import about_rows
from pipelines.drafting.amounts import stated_currency
from pipelines.drafting.columns import drafted_columns, inside, name_of_parts
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, DraftedEntry, Remark, Wishes, decisive
from pipelines.drafting.element_ids import with_line_ids
from pipelines.drafting.encodings import about_encoding
from pipelines.drafting.keys import Beside
from pipelines.drafting.layout import Layout
from pipelines.drafting.line_amounts import with_line_amounts
from pipelines.drafting.line_prices import with_line_prices
from pipelines.drafting.lines_alone import order_ids
from pipelines.drafting.matching import Match, Values, best
from pipelines.drafting.minor_units import about_minor_units
from pipelines.drafting.names import compared
from pipelines.drafting.no_entity import equal_names, hint, listed, looks_more_like, unread_times, why_none
from pipelines.drafting.order_headers import WithHeader, with_header
from pipelines.drafting.people import with_people
from pipelines.drafting.point_kinds import with_point_kind
from pipelines.drafting.price_parts import with_price_parts, without_total
from pipelines.drafting.questions import asked, with_questions
from pipelines.drafting.shipping_costs import shipping_not_read
from pipelines.drafting.statuses import no_sales, not_paid_back, refunds_not_read, unknown_statuses
from pipelines.drafting.table import Table
from pipelines.drafting.tax_rates import tax_not_read, without_tax_rate
from pipelines.drafting.unmapped import unmapped
from pipelines.drafting.without_amounts import unmapped_numbers
from pipelines.drafting.zone_columns import zones_not_read

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
    chief_weight = candidates[0].weight
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
    if chief.entity == "order_lines" and "ordered_at" not in chief.columns and (text := unread_times(values)):
        remarks.append(Remark(f"ordered_at: {text.removeprefix('; ')}", is_open=True))
    if table.unreadable:
        remarks.append(
            Remark(f"{counted(table.unreadable, 'record')} of the file cannot be read; a run lists the lines")
        )
    rival = next((one for one in candidates[1:] if not (header.orders and one.entity == "orders")), None)
    if rival and not rival.missing and (rival.weight >= chief.weight - 1 or _may_be_touches(chief, rival)):
        remarks.append(decisive(f"the file could also be {rival.entity} (--entity {rival.entity})"))
    if not entity and (nearer := next((one for one in candidates if one.missing and one.weight > chief_weight), None)):
        remarks.append(decisive(looks_more_like(table.path, nearer, chief.entity)))
    unread = tuple(unmapped(table, entities))
    statuses = tuple(unknown_statuses(values, chief))
    numbers = unmapped_numbers(values, unread) if chief.entity in ("orders", "order_lines") else ()
    if chief.entity == "orders":
        remarks += without_total(values, chief, numbers)
    remarks += no_sales(values, chief, unread)
    remarks += not_paid_back(values, chief, unread)
    remarks += refunds_not_read(values, chief, unread)
    if "tax" not in candidates[0].columns:  # otherwise it is decided already
        remarks += tax_not_read(values, header.orders or chief, unread)
    remarks += shipping_not_read(values, header.orders or chief, unread)
    remarks += zones_not_read(values, entities, unread)
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
    columns = drafted_columns(values, found, beside)
    columns |= name_of_parts(values, found)
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
    columns = drafted_columns(values, found, _NONE)
    where = f"{inside(header.where)} is not null" if header.where else None
    return DraftedEntity("orders", columns, where=where, remarks=(*about_rate, *about_amounts))


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
