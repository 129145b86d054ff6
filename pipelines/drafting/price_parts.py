"""Finds which columns are the total of an order and the price of its goods.

Words such as gross and net mean different things: in bookkeeping, gross includes the tax; in many shops, it is the
amount before the discount. So the names give candidates, and the rows decide: total = gross - discount + tax +
shipping (docs/columns.md). If no choice fits, or two fit, the user decides.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from pipelines.base.entities import ColumnType
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.names import compared
from pipelines.drafting.numbers import without_unit
from pipelines.drafting.table import Field

Role = Literal["with_tax", "without_tax", "gross", "net"]

_TAX = r"(?:vat|tax(?:es)?|gst|mwst|ust|tva|iva|btw|moms|steuern?|impuestos?)"
_WITH = r"(?:incl|inc|including|included|inclusive|inkl|inklusive|incluid[oa]s?|with|con|avec|mit)"
_WITHOUT = r"(?:excl|exc|ex|excluding|excluded|exclusive|exkl|exklusive|without|before|pre|sans|sin|ohne|hors)"
_NOUN = r"(?:betrag|preis|summe|umsatz|wert|gesamt|gesamtbetrag|bedrag)?"
_ROLES: tuple[tuple[str, Role], ...] = (  # the first one that a name has
    (rf"不含税|未税|\bnetto{_NOUN}\b|\bht\b|\b{_WITHOUT}(?: of)? {_TAX}\b|\b{_TAX} {_WITHOUT}\b", "without_tax"),
    (rf"含税|价税合计|\bbrutto{_NOUN}\b|\bttc\b|\b{_WITH}(?: of)? {_TAX}\b|\b{_TAX} {_WITH}\b", "with_tax"),
    (r"\bgross\b", "gross"),
    (r"\bnet\b", "net"),
)
# What else the name of such an amount may consist of: a `Net weight` is no amount.
_OTHER = re.compile(
    r"(?:amounts?|totals?|subtotal|grand|value|prices?|order|sum|summary|sales|revenue|invoice|[a-z]*betrag|[a-z]*summe|[a-z]*wert"
    r"|gesamt|preis|umsatz|montant|prix|valeur|commande|importe|precio|bedrag|totaal|of|de|la|the|in"
    r"|[\s金额总价合计订单元]+)*"
)
_CENTS = 0.02  # parts are rounded
_MOST_TIMES_GOODS = 2  # a total with tax and shipping is at most this multiple of the price of the goods
_LEAST = 0.9  # of the records that have both amounts: a few orders have tips, fees or gift cards
_PARTS = ("discount", "tax", "shipping")


def role_of(name: str) -> Role | None:
    """What the words in a column's name say about an amount of an order; None if they say nothing."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", without_unit(name)[0])
    plain = "".join(one for one in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(one)).lower()
    plain = " ".join(re.sub(r"[\W_]+", " ", plain).split())
    for pattern, role in _ROLES:
        if re.search(pattern, plain):
            return role if _OTHER.fullmatch(re.sub(pattern, " ", plain, count=1)) else None
    return None


@dataclass(frozen=True)
class Parts:
    """The amounts of an order in a file, and what the rows say about them."""

    values: Values
    found: Match

    def amount(self, one: Field) -> str:
        return self.values.amount(one)

    def part(self, name: str) -> str:
        if name not in self.found.columns:
            return "0"
        one = self.found.columns[name]
        amount = f"coalesce({self.amount(one)}, 0)"
        return f"-{amount}" if name == "discount" and self.values.is_negative(one) else amount

    def has(self, name: str) -> bool:
        """Whether a part is there and is not always zero."""
        return name in self.found.columns and bool(self.values.counted(f"{self.part(name)} <> 0"))

    def share(self, condition: str, *needed: Field) -> float:
        """The share of records that fulfil a condition, of those with all needed amounts."""
        there = " and ".join(f"{self.amount(one)} is not null" for one in needed)
        n = self.values.counted(there)
        return self.values.counted(f"{there} and {condition}") / n if n else 0.0

    def equal(self, total: Field, goods: Field, parts: Sequence[str]) -> bool:
        """Whether a total is the goods with these parts."""
        sums = " ".join(f"{'-' if name == 'discount' else '+'} {self.part(name)}" for name in parts)
        text = f"abs({self.amount(total)} - ({self.amount(goods)} {sums})) <= {_CENTS}"
        return self.share(text, total, goods) >= _LEAST

    def related(self, total: Field, other: Field) -> Iterator[tuple[str, ...]]:
        """The parts by which another amount differs from a total."""
        there = [name for name in _PARTS if self.has(name)]
        for picked in product((True, False), repeat=len(there)):
            parts = tuple(name for name, is_in in zip(there, picked, strict=True) if is_in)
            if self.equal(total, other, parts):
                yield parts


def with_price_parts(values: Values, found: Match, chosen: Sequence[str]) -> tuple[Match, tuple[Remark, ...]]:
    """An order with its total and the price of its goods, and what the user has to know or decide about them.

    Args:
        values: The file.
        found: The columns that were found by their names.
        chosen: The canonical columns that the user gives: they stay.
    """
    if found.entity != "orders" or {"total", "gross"} & set(chosen):
        return found, ()
    used = {one.column for name, one in found.columns.items() if name not in ("total", "gross")}
    roles = {
        one.column: role
        for one in values.rows.fields
        if one.column not in used
        and (role := role_of(one.name))
        and values.fits(one, "total", ColumnType.AMOUNT)
        and values.counted(f"{one.column} is not null")
    }
    fields = {one.column: one for one in values.rows.fields}
    parts = Parts(values, found)
    named = {name: one for name in ("total", "gross") if (one := found.columns.get(name)) and one.column not in roles}
    of = {role: [fields[column] for column, own in roles.items() if own == role] for role in set(roles.values())}
    totals = [*of.get("with_tax", []), *_one(named, "total"), *of.get("gross", []), *of.get("net", [])]
    goods = [*of.get("without_tax", []), *_one(named, "gross"), *of.get("net", []), *of.get("gross", [])]
    if roles:
        goods += _one(named, "total")
    elif len(named) < 2 or not any(map(parts.has, _PARTS)):
        return found, ()
    totals.sort(key=lambda one: "subtotal" in compared(one.name))  # a subtotal with tax is not the total
    total, gross, remarks = _decided(parts, totals, goods, roles)
    columns = {name: one for name, one in found.columns.items() if name not in ("total", "gross")}
    columns |= {"total": total} if total else {}
    columns |= {"gross": gross} if gross else {}
    taken = {one.column for one in columns.values()}
    others = {name: tuple(one for one in rest if one.column not in taken) for name, rest in found.others.items()}
    return replace(found, columns=columns, others={name: rest for name, rest in others.items() if rest}), remarks


def without_total(values: Values, found: Match, unread: Sequence[str]) -> tuple[Remark, ...]:
    """A remark on an order with the price of its goods only, if another amount looks like its total.

    Args:
        values: The file.
        found: The columns of the order.
        unread: The columns of numbers that nothing reads.
    """
    if found.entity != "orders" or "total" in found.columns or "gross" not in found.columns:
        return ()
    goods, parts = found.columns["gross"], Parts(values, found)
    limits = f"between {parts.amount(goods)} - {_CENTS} and {_MOST_TIMES_GOODS} * {parts.amount(goods)}"
    fields = [one for one in values.rows.fields if one.name in unread]
    like = [one.name for one in fields if parts.share(f"{parts.amount(one)} {limits}", one, goods) >= _LEAST]
    if not like:
        return ()
    names = ", ".join(f"`{name}`" for name in like)
    text = f"total: no column is read as the total of the order, and {names} may be the total. The draft uses the price"
    return (decisive(f"{text} of the goods, `{goods.name}`. To use another one: `--column total=NAME`"),)


def _one(named: dict[str, Field], name: str) -> list[Field]:
    return [named[name]] if name in named else []


def _decided(
    parts: Parts, totals: list[Field], goods: list[Field], roles: dict[str, Role]
) -> tuple[Field | None, Field | None, tuple[Remark, ...]]:
    """The total and the price of the goods, and a remark."""
    amounts = list(dict.fromkeys([*totals, *goods]))
    if len(amounts) == 1:
        return _single(parts, amounts[0], roles.get(amounts[0].column))
    exact = [
        (total, price) for total in totals for price in goods if total != price and parts.equal(total, price, _PARTS)
    ]
    if exact:
        first = exact[0]
        other = next((one for one in exact if one != first and not _same(parts, first, one)), None)
        if other:
            text = f"{_shown(first)} fit total = gross - discount + tax + shipping, and so do {_shown(other)}"
            return *first, (decisive(f"total, gross: {text}. The draft uses the first"),)
        return *first, ()
    for total in totals:
        others = [one for one in amounts if one != total]
        related = [list(parts.related(total, one)) for one in others]
        is_sure = roles.get(total.column) in ("with_tax", None) or not parts.has("tax")
        is_sure = is_sure or any("tax" in names for found in related for names in found)
        if all(related) and is_sure and any(map(parts.has, _PARTS)):
            names = ", ".join(f"`{one.name}`" for one in others)
            text = f"gross: {names} differ{'s' * (len(others) == 1)} from the price of the goods without tax"
            return total, None, (Remark(f"{text}, so a run calculates it from `{total.name}` and the other amounts"),)
    return _by_words(parts, totals, goods, roles)


def _by_words(
    parts: Parts, totals: list[Field], goods: list[Field], roles: dict[str, Role]
) -> tuple[Field | None, Field | None, tuple[Remark, ...]]:
    """The choice that the names suggest, where the rows do not fit it."""
    total = totals[0] if totals else None
    price = next((one for one in goods if one != total), None)
    if total and price:
        is_plain = roles.get(total.column) == "with_tax" and roles.get(price.column) == "without_tax"
        more = parts.share(f"{parts.amount(total)} >= {parts.amount(price)} - {_CENTS}", total, price)
        if is_plain and more >= _LEAST and not any(map(parts.has, _PARTS)):
            return total, price, ()  # the difference is a tax that no column has
        text = f"{_shown((total, price))} do not fit total = gross - discount + tax + shipping"
        return total, price, (decisive(f"total, gross: {text} in most records. The draft uses these two"),)
    names = ", ".join(f"`{one.name}`" for one in dict.fromkeys([*totals, *goods]))
    text = f"total, gross: the rows do not show which of {names} is the total with tax, or the goods without tax"
    return total, price, (decisive(text),)


def _single(parts: Parts, one: Field, role: Role | None) -> tuple[Field | None, Field | None, tuple[Remark, ...]]:
    """The only amount: with other parts, a word that can mean two things changes the value of the order."""
    if role == "without_tax":
        text = f"gross: `{one.name}` may be before or after the discount. The draft takes it as before the discount"
        return None, one, (decisive(text),) if parts.has("discount") else ()
    if role in ("gross", "net") and any(map(parts.has, _PARTS)):
        text = f"total: `{one.name}` is the only amount. If it does not include tax and shipping, or is before the"
        return one, None, (decisive(f"{text} discount, map it as `gross` and not as `total`"),)
    return one, None, ()


def _same(parts: Parts, first: tuple[Field, Field], second: tuple[Field, Field]) -> bool:
    """Whether two choices have the same amounts."""
    pairs = [(one, other) for one, other in zip(first, second, strict=True) if one != other]
    texts = [f"abs({parts.amount(one)} - {parts.amount(other)}) <= {_CENTS}" for one, other in pairs]
    return parts.share(" and ".join(texts), *first, *second) >= _LEAST


def _shown(choice: tuple[Field, Field]) -> str:
    return f"`{choice[0].name}` as total and `{choice[1].name}` as gross"
