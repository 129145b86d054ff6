"""Finds what concerns the whole order in a file with a row per line: its total, discount, tax and shipping.

Such a file repeats the values of the order on each of its rows, or has them on one row only. They are of the order
itself, and are never added up by line.
"""

import re
from dataclasses import dataclass, replace

from pipelines.base.entities import ENTITIES
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values, match
from pipelines.drafting.table import Field

_AMOUNTS = ("gross", "discount", "tax", "shipping", "total")
_OF_ORDER = re.compile(r"\s*(order|cart|grand|invoice|bestell|auftrag|rechnung|commande|pedido|订单)", re.IGNORECASE)


@dataclass(frozen=True)
class WithHeader:
    """The lines of a file, and the orders that its rows repeat.

    Attributes:
        lines: The columns of the lines.
        orders: Those of the orders; None if the file has no amount of the whole order.
        where: The condition on the rows that have the values of the order; None if all have them.
        remarks: What the user should know.
    """

    lines: Match
    orders: Match | None = None
    where: Field | None = None
    remarks: tuple[Remark, ...] = ()


def with_header(values: Values, lines: Match, file_name: str, chosen: dict[str, str]) -> WithHeader:
    """The columns of lines without those that concern the whole order, and the order itself.

    Args:
        values: The file.
        lines: Its columns as order lines.
        file_name: Its name in compared form.
        chosen: Source columns by canonical column, as the user gives them: they stay.
    """
    lines, remarks = _with_price(lines, chosen)
    order = lines.columns.get("order_id")
    if order is None or not _several(values, order):
        return WithHeader(lines, remarks=remarks)
    known = {name: source for name, source in chosen.items() if name in ENTITIES["orders"].columns}
    repeated = {one.column for one in values.rows.fields if _is_repeated(values, order, one)}
    of_order = {
        name: one
        for name, one in lines.columns.items()
        if name in _AMOUNTS and name not in chosen and one.column in repeated and _is_of_order(values, lines, name)
    }
    kept = {name: one for name, one in lines.columns.items() if name not in of_order}
    taken = {one.column for name, one in kept.items() if name not in ENTITIES["orders"].columns or name in _AMOUNTS}
    found = match(values, "orders", file_name, known)
    columns = {name: one for name, one in found.columns.items() if one.column in repeated and one.column not in taken}
    total = columns.get("total") or columns.get("gross")
    is_named = total is not None and (total.column in _columns(of_order) or _OF_ORDER.match(total.name))
    if found.missing or not is_named or total is None or not {"order_id", "ordered_at"} <= set(columns):
        return WithHeader(lines, remarks=remarks)
    others = {name: rest for name, rest in found.others.items() if name in columns}
    others = {name: tuple(one for one in rest if one.column in repeated) for name, rest in others.items()}
    moved = ", ".join(f"`{one.name}`" for one in of_order.values())
    if moved:
        text = f"{moved}: all rows of an order have the same value, so the draft maps it to the order"
        remarks = (*remarks, decisive(f"{text}. If it is the amount of each line, move it to order_lines"))
    left = {name: rest for name, rest in lines.others.items() if name in kept}
    is_on_all = not values.counted(f"{total.column} is null")
    return WithHeader(
        replace(lines, columns=kept, others=left),
        replace(found, columns=columns, others={name: rest for name, rest in others.items() if rest}),
        None if is_on_all else total,
        remarks,
    )


def _with_price(lines: Match, chosen: dict[str, str]) -> tuple[Match, tuple[Remark, ...]]:
    """Lines whose only amount is called cost, which shops also call the price: `Item Cost`."""
    cost = lines.columns.get("unit_cost")
    if cost is None or {"unit_price", "total"} & set(lines.columns) or "unit_cost" in chosen:
        return lines, ()
    text = f"unit_price: `{cost.name}` is the only amount of a line, so the draft takes it as the price"
    columns = {name: one for name, one in lines.columns.items() if name != "unit_cost"}
    remark = decisive(f"{text}. If it is what the shop pays for the product, map it as `unit_cost`")
    return replace(lines, columns={**columns, "unit_price": cost}), (remark,)


def _columns(found: dict[str, Field]) -> set[str]:
    return {one.column for one in found.values()}


def _several(values: Values, order: Field) -> bool:
    """Whether an order has several rows."""
    return bool(_groups(values, order, "count(*) > 1"))


def _is_repeated(values: Values, order: Field, one: Field) -> bool:
    """Whether a column has at most one value per order."""
    return not _groups(values, order, f"count(distinct {one.column}) > 1")


def _groups(values: Values, order: Field, having: str) -> int:
    """The number of orders that fulfil a condition."""
    ((count,),) = values.table.query(
        f"select count(*) from (select {order.column} from {values.rows.sample}"  # noqa: S608 (names of ours)
        f" where {order.column} is not null group by all having {having})"
    )
    return int(str(count))


def _is_of_order(values: Values, lines: Match, name: str) -> bool:
    """Whether an amount of a line that is equal on all rows of each order is that of the order.

    A total is, if it is not the price of the line.
    """
    if name != "total":
        return True
    price, quantity, total = (lines.columns.get(one) for one in ("unit_price", "quantity", "total"))
    if price is None or quantity is None or total is None:
        return False
    product = f"{values.amount(price)} * {values.amount(quantity)}"
    differs = values.counted(f"abs({values.amount(total)} - {product}) > 0.02")
    return differs > values.counted(f"{total.column} is not null") / 2
