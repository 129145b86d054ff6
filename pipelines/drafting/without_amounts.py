"""Marks orders and order lines whose amounts a draft does not find: without an amount, an order has no value."""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.base.entities import ColumnType
from pipelines.drafting.drafted import DraftedEntity, DraftedEntry, Remark, decisive
from pipelines.drafting.matching import Values

_AMOUNTS = {"orders": ("total", "gross"), "order_lines": ("total", "unit_price"), "payments": ("amount",)}


def unmapped_numbers(values: Values, unread: Sequence[str]) -> tuple[str, ...]:
    """The columns of numbers among those that no canonical column reads."""
    return tuple(
        one.name
        for one in values.rows.fields
        if one.sql in unread
        and values.counted(f"{one.column} is not null")
        and values.fits(one, "total", ColumnType.AMOUNT)
    )


def with_missing_amounts(entries: Sequence[DraftedEntry]) -> list[DraftedEntry]:
    """The entries of a source, with a remark on orders if nothing in the source gives them an amount.

    Without orders, the remark is on their lines.
    """
    if any(_has_amount(entity) for entry in entries for entity in entry.entities):
        return list(entries)
    there = {entity.name for entry in entries for entity in entry.entities}
    name = "orders" if "orders" in there else "order_lines"
    return [_marked(entry, name) if any(one.name == name for one in entry.entities) else entry for entry in entries]


def _has_amount(entity: DraftedEntity) -> bool:
    return bool(set(_AMOUNTS.get(entity.name, ())) & set(entity.columns))


def _marked(entry: DraftedEntry, name: str) -> DraftedEntry:
    what = "the order" if name == "orders" else "the line"
    text = f"total: no column has the amount of {what}, so these orders have no value"
    if entry.numbers:
        listed = ", ".join(f"`{name}`" for name in entry.numbers)
        text = (
            f"{text}. Columns of numbers that are not mapped: {listed}. Map one of them, such as `--column total=NAME`"
        )
    return replace(entry, remarks=(*entry.remarks, decisive(text) if entry.numbers else Remark(text)))
