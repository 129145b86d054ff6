"""Finds whether the price of an order line is that of one unit: some systems call the amount of the line `item price`.

The rows decide: the price of a unit stays the same for another quantity of the same product, the amount of the line
grows with it.
"""

from dataclasses import replace

from pipelines.drafting.drafted import Remark
from pipelines.drafting.matching import Match, Values

_MOST, _FEW = 0.9, 0.5  # shares of the products that were bought in several quantities
_NEEDED = ("product_id", "quantity", "unit_price")


def with_line_prices(values: Values, found: Match, chosen: tuple[str, ...]) -> tuple[Match, tuple[Remark, ...]]:
    """Maps the only price of order lines as their amount, if it grows with the quantity.

    Args:
        values: The file.
        found: The columns that were found by their names.
        chosen: The canonical columns that the user gives: they stay.
    """
    if found.entity != "order_lines" or not set(_NEEDED) <= set(found.columns):
        return found, ()
    if "total" in found.columns or "unit_price" in chosen:
        return found, ()
    product, quantity, price = (found.columns[name] for name in _NEEDED)
    amount, n = values.amount(price), values.amount(quantity)
    ((products, alike, growing),) = values.table.query(
        "select count(*), count(*) filter (a), count(*) filter (b) from ("  # noqa: S608 (names of ours)
        f"select max({amount}) = min({amount}) as a, max({amount} / {n}) - min({amount} / {n}) < 0.01 as b"
        f" from {values.rows.sample} where {n} > 0 and {amount} > 0 group by {product.column}"
        f" having count(distinct {n}) > 1)"
    )
    count = int(str(products))
    if not count or int(str(growing)) < _MOST * count or int(str(alike)) > _FEW * count:
        return found, ()
    columns = {name: one for name, one in found.columns.items() if name != "unit_price"} | {"total": price}
    text = f"total: `{price.name}` grows with `{quantity.name}`, so it is read as the amount of the line, not of a unit"
    return replace(found, columns=columns), (Remark(text),)
