"""Finds whether the amounts of order lines include tax. A wrong answer would change the value of every line.

`total` of a line includes `tax` if that is mapped, and counts before quantity x unit_price, which is without tax
(docs/columns.md). The rows decide which of the amounts include tax; if they leave it open, the user decides.
"""

from dataclasses import replace

from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.names import entity_names
from pipelines.drafting.price_parts import Parts, role_of

_CENTS = 0.02  # amounts are rounded
_LEAST = 0.9  # of the records that have both amounts
_SOME = 0.1
_MOST_WITH_TAX = 1.35  # times the price without tax

Found = tuple[Match, tuple[Remark, ...]]


def with_line_amounts(values: Values, found: Match, chosen: tuple[str, ...]) -> Found:
    """Order lines without a tax that their total does not include, and what the user has to decide about tax.

    Args:
        values: The file.
        found: The columns of the lines.
        chosen: The canonical columns that the user gives: they stay.
    """
    if found.entity != "order_lines" or "total" in chosen:
        return found, ()
    if "total" not in found.columns:
        return found, (*_about_price(found, chosen), *_about_percent(values, found))
    if "discount" in found.columns and "discount" not in chosen and (without := _without_percent(values, found)):
        found, remarks = without
        rest, more = with_line_amounts(values, found, (*chosen, "discount"))
        return rest, (*remarks, *more)
    if "tax" in found.columns and "tax" not in chosen and Parts(values, found).has("tax"):
        return _with_tax(values, found)
    return found, _without_tax(values, found)


def _about_price(found: Match, chosen: tuple[str, ...]) -> tuple[Remark, ...]:
    """A remark on a price that includes tax by its name and is the only amount of a line."""
    price = found.columns.get("unit_price")
    if price is None or "unit_price" in chosen or role_of(price.name) not in ("with_tax", "gross"):
        return ()
    text = f"unit_price: by its name, `{price.name}` may include tax, and a run takes the price as without tax"
    return (decisive(f"{text}. Map a price without tax, or write `total` and `tax` of the line as expressions"),)


def _about_percent(values: Values, found: Match) -> tuple[Remark, ...]:
    """A remark on a discount in percent that is not read, although only price and quantity give the amount."""
    if "unit_price" not in found.columns or "discount" in found.columns:
        return ()
    names = entity_names()["order_lines"]
    for one in values.rows.fields:
        is_named = names.rank("discount", one.name.replace("%", " ").replace("()", " ").strip()) is not None
        number = f"try_cast(replace(replace({one.column}, '%', ''), ',', '.') as double)"
        if is_named and values.counted(f"{number} <> 0"):
            text = f"discount: `{one.name}` is in percent and not read, so a run would take the price before discount"
            return (decisive(f"{text}. Write `discount` as an expression that gives the amount for the whole line"),)
    return ()


def _without_percent(values: Values, found: Match) -> Found | None:
    """The lines without a discount that is a rate by the rows; None if it is an amount."""
    product, discount, total = _product(values, found), found.columns["discount"], found.columns["total"]
    if not product:
        return None
    rate, amount = f"abs({values.amount(discount)})", values.amount(total)
    there = [f"{rate} > 0", f"{product} > 0", f"{amount} is not null"]
    as_rate = f"abs({amount} - {product} * (1 - {rate} / 100)) <= {_CENTS}"
    as_amount = f"abs({amount} - ({product} - {rate})) <= {_CENTS}"
    if _share(values, there, as_rate) < _LEAST or _share(values, there, as_amount) >= _LEAST:
        return None
    text = f"discount: `{discount.name}` is a rate in percent, not an amount, so the draft leaves it out"
    columns = {name: one for name, one in found.columns.items() if name != "discount"}
    return replace(found, columns=columns), (Remark(f"{text}: `{total.name}` is after it"),)


def _with_tax(values: Values, found: Match) -> Found:
    """The lines, with their tax if their total includes it."""
    total, tax = found.columns["total"], found.columns["tax"]
    parts = Parts(values, found)
    role = role_of(total.name)
    product = _product(values, found)
    if product:
        there = [parts.amount(found.columns[name]) for name in ("unit_price", "quantity", "total", "tax")]
        taxed = [*(f"{one} is not null" for one in there), f"{parts.part('tax')} <> 0"]
        price_role = role_of(found.columns["unit_price"].name)
        fits = {
            (total_with, price_with)
            for total_with, price_with, more in (
                (True, False, f"+ {parts.part('tax')}"),
                (False, True, f"- {parts.part('tax')}"),
                (True, True, ""),
                (False, False, ""),
            )
            if _share(values, taxed, _near(parts, product, more)) >= _LEAST
        }
        by_name = {
            one
            for one in fits
            if role not in ("with_tax", "without_tax") or one[0] == (role == "with_tax")
            if price_role not in ("with_tax", "without_tax") or one[1] == (price_role == "with_tax")
        }
        answers = {total_with for total_with, _ in by_name}
        if len(answers) == 1:
            return (found, ()) if answers == {True} else _no_tax(found)
    elif role == "with_tax":
        return found, ()
    elif role == "without_tax":
        return _no_tax(found)
    text = f"total: the rows do not show whether `{total.name}` includes `{tax.name}`. The draft takes it as included"
    return found, (decisive(f"{text}. If it is not, remove the column `tax` here"),)


def _no_tax(found: Match) -> Found:
    total, tax = found.columns["total"], found.columns["tax"]
    text = f"total: `{total.name}` does not include `{tax.name}`, so the draft does not map the tax"
    return replace(found, columns={name: one for name, one in found.columns.items() if name != "tax"}), (Remark(text),)


def _without_tax(values: Values, found: Match) -> tuple[Remark, ...]:
    """A remark on totals that are larger than the price of the units: they may include a tax that is not mapped."""
    product = _product(values, found)
    if not product:
        return ()
    parts = Parts(values, found)
    names = ("unit_price", "quantity", "total")
    there = [f"{parts.amount(found.columns[name])} > 0" for name in names]
    more = f"{parts.amount(found.columns['total'])} > {product} + {_CENTS} and not {_near(parts, product, '')}"
    if _share(values, there, more) < _SOME:
        return ()
    total, price, quantity = (found.columns[name].name for name in ("total", "unit_price", "quantity"))
    records = values.counted(f"{' and '.join(there)} and {more}")
    like_tax = _share(values, [*there, more], f"{parts.amount(found.columns['total'])} <= {_MOST_WITH_TAX} * {product}")
    why = "it seems to include tax" if like_tax >= _LEAST else "it includes something else, or is not of the line"
    text = f"total: in {counted(records, 'record')}, `{total}` is larger than `{price}` x `{quantity}`: {why}"
    return (
        decisive(
            f"{text}. The draft takes it as the amount of the line. If it includes tax, map the tax of the line as"
            " `tax`, or remove `total`: then the amount is quantity x unit_price"
        ),
    )


def _product(values: Values, found: Match) -> str:
    """SQL of the price of all units of a line; empty if the file does not have it."""
    if not {"unit_price", "quantity"} <= set(found.columns):
        return ""
    return f"({values.amount(found.columns['unit_price'])} * {values.amount(found.columns['quantity'])})"


def _near(parts: Parts, product: str, more: str) -> str:
    """SQL: whether the total is the price of all units and something more, before or after the discount."""
    total = parts.amount(parts.found.columns["total"])
    sums = [f"{product} {more}", f"{product} - {parts.part('discount')} {more}"]
    return f"({' or '.join(f'abs({total} - ({one})) <= {_CENTS}' for one in sums)})"


def _share(values: Values, there: list[str], condition: str) -> float:
    """The share of records that fulfil a condition, of those that fulfil other ones."""
    needed = " and ".join(there)
    n = values.counted(needed)
    return values.counted(f"{needed} and {condition}") / n if n else 0.0
