"""Leaves out a tax that is a rate: in many exports, a column `VAT` or `MwSt` has 19 and 7, not an amount."""

from dataclasses import replace

from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values

_HIGHEST = 30  # percent
_LEAST = 0.9  # of the records with a tax that other records have too
_APART = 1.5  # amounts with one tax amount differ less than by this factor
_AMOUNTS = ("total", "gross", "unit_price", "amount")


def without_tax_rate(values: Values, found: Match, chosen: tuple[str, ...]) -> tuple[Match, tuple[Remark, ...]]:
    """An entity without its tax, if the values are rates: the same for amounts that differ.

    Args:
        values: The file.
        found: The columns of the entity.
        chosen: The canonical columns that the user gives: they stay.
    """
    tax = found.columns.get("tax")
    amount = next((found.columns[name] for name in _AMOUNTS if name in found.columns), None)
    if tax is None or amount is None or "tax" in chosen:
        return found, ()
    rate, value = values.amount(tax), values.amount(amount)
    ((records, alike),) = values.table.query(
        "select coalesce(sum(n), 0), coalesce(sum(n) filter (is_apart), 0) from ("  # noqa: S608 (names of ours)
        f"select count(*) as n, max({value}) > {_APART} * min({value}) and {rate} <= {_HIGHEST} as is_apart"
        f" from {values.rows.sample} where {rate} > 0 and {value} > 0 group by {rate} having count(*) > 1)"
    )
    if not int(str(records)) or int(str(alike)) < _LEAST * int(str(records)):
        return found, ()
    text = f"tax: `{tax.name}` has the same values for different amounts in `{amount.name}`, as a rate in percent has"
    remark = decisive(f"{text}. The draft leaves it out. If it is an amount, or to calculate one, map `tax`")
    return replace(found, columns={name: one for name, one in found.columns.items() if name != "tax"}), (remark,)
