"""Finds taxes that are read wrongly or not at all.

In many exports, a column `VAT` or `MwSt` has a rate such as 19, not an amount. And an amount of tax that nothing reads
stays in the value of the order.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values

_HIGHEST = 30  # percent
_LEAST = 0.9  # of the records with a tax that other records have too
_APART = 1.5  # amounts with one tax amount differ less than by this factor
_LOW, _HIGH = 0.01, 0.35  # of the total: an amount of tax
_NAME = re.compile(r"mwst|\bust\b|steuer|\bvat\b|tax(?!i)|\btva\b|\biva\b|\bbtw\b|\bgst\b|impuesto|impost|belasting|税")
_NO_AMOUNT = re.compile(
    r"rate|satz|taux|tipo|aliquot|tarief|percent|prozent|%|率|\bid\b|number|nummer|nr\b|code|class|incl|inkl|excl|exkl"
    r"|brutto|netto|含税|未税|税込|税抜|\bht\b|\bttc\b"
)
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


def tax_not_read(values: Values, found: Match, unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column with the tax of an order or line that nothing reads: the value would include the tax.

    Args:
        values: The file.
        found: The columns of orders or lines.
        unread: The columns that nothing reads, as a mapping names them.
    """
    total = found.columns.get("total")
    if found.entity not in ("orders", "order_lines") or "tax" in found.columns or total is None:
        return
    whole = values.amount(total)
    for one in values.rows.fields:
        name = re.sub(r"[\W_]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", one.name)).lower()
        if one.sql not in unread or not _NAME.search(name) or _NO_AMOUNT.search(f"{name} {one.name.lower()}"):
            continue
        tax = values.amount(one)
        n = values.counted(f"{tax} > 0 and {whole} > 0")
        if n and values.counted(f"{whole} > 0 and {tax} between {_LOW} * {whole} and {_HIGH} * {whole}") > n / 2:
            text = f"tax: `{one.name}` is not read. If `{total.name}` includes this tax, map it as `tax`: otherwise the"
            yield decisive(f"{text} amounts of the marts include it")
