"""Marks order lines without a time or a customer of their own, if no entry has their orders."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.drafting.drafted import DraftedEntity, DraftedEntry, Remark, decisive

_CUSTOMERS = ("customer_ref", "email", "phone")


def with_lines_alone(entries: Sequence[DraftedEntry]) -> list[DraftedEntry]:
    """The entries of a source, with remarks on order lines whose orders no entry has."""
    if any(entity.name == "orders" for entry in entries for entity in entry.entities):
        return list(entries)
    return [
        replace(entry, remarks=(*entry.remarks, *(one for entity in entry.entities for one in _missing(entity))))
        for entry in entries
    ]


def _missing(entity: DraftedEntity) -> Iterator[Remark]:
    if entity.name != "order_lines":
        return
    if "ordered_at" not in entity.columns:
        text = "ordered_at: no column says when something was ordered, and no file has the orders"
        yield decisive(f"{text}. Map a column with the time (--column ordered_at=NAME), or add the file of the orders")
    if not set(_CUSTOMERS) & set(entity.columns):
        text = "no column says who the customer is (customer_ref, email), and no file has the orders"
        yield Remark(text, is_open=True)
