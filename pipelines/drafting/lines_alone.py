"""Marks order lines that belong to no order: no entry has their orders, or these have other numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.drafting.drafted import DraftedEntity, DraftedEntry, Remark, decisive
from pipelines.drafting.matching import Match, Values

_CUSTOMERS = ("customer_ref", "email", "phone")


def with_lines_alone(entries: Sequence[DraftedEntry]) -> list[DraftedEntry]:
    """The entries of a source, with remarks on order lines whose orders no entry has.

    Such lines need a time and a customer of their own.
    """
    orders = [entry for entry in entries if any(entity.name == "orders" for entity in entry.entities)]
    if orders:
        known = frozenset[str]().union(*(entry.order_ids for entry in orders))
        is_whole = all(entry.order_ids for entry in orders)
        return [_with_other_ids(entry, known) if is_whole and entry not in orders else entry for entry in entries]
    return [
        replace(entry, remarks=(*entry.remarks, *(one for entity in entry.entities for one in _missing(entity))))
        for entry in entries
    ]


def order_ids(values: Values, found: Match) -> frozenset[str]:
    """The numbers of the orders in a file, as a draft reads them; none if only a part of the file was examined."""
    table, one = values.table, found.columns.get("order_id")
    if one is None or table.sampled < table.records:
        return frozenset()
    number = f"regexp_replace({one.column}, '\\.0+$', '')"  # of a spreadsheet (keys.py)
    rows = table.query(f"select distinct {number} from {values.rows.sample} where {one.column} is not null")  # noqa: S608 (names of ours)
    return frozenset(str(text) for (text,) in rows)


def _with_other_ids(entry: DraftedEntry, known: frozenset[str]) -> DraftedEntry:
    if not entry.order_ids or entry.order_ids & known:
        return entry
    text = "order_id: no line has the number of an order in the other files, so no order would get its lines"
    remark = decisive(f"{text}. Write an expression that makes the numbers equal, such as ltrim(NAME, '#')")
    return replace(entry, remarks=(*entry.remarks, remark))


def _missing(entity: DraftedEntity) -> Iterator[Remark]:
    if entity.name != "order_lines":
        return
    if "ordered_at" not in entity.columns:
        text = "ordered_at: no column says when something was ordered, and no file has the orders"
        yield decisive(f"{text}. Map a column with the time (--column ordered_at=NAME), or add the file of the orders")
    if not set(_CUSTOMERS) & set(entity.columns):
        text = "no column says who the customer is (customer_ref, email), and no file has the orders"
        yield Remark(text, is_open=True)
