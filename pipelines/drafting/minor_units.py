"""Marks amounts of web services that may be in hundredths: many of them write 1999 for 19.99 and do not say so."""

from collections.abc import Iterator

from pipelines.base.entities import ENTITIES
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import MONEY, Match, Values
from pipelines.drafting.table import Field
from pipelines.landing.normal import TIMES

_RECORDS = 20  # of fewer, all may be whole by chance
_LEAST_VALUE = 100  # in hundredths, most amounts have three digits
_WITHOUT_CENTS = ("JPY", "KRW", "VND", "CLP", "ISK", "HUF", "IDR", "TWD")


def about_minor_units(values: Values, found: Match, form: str) -> Iterator[Remark]:
    """A remark on the amounts of an entity if all of them are whole numbers such as hundredths have.

    Args:
        values: The file.
        found: The columns of the entity.
        form: The format of the file. Only web services write amounts in hundredths. They write JSON, or tables with
            times since 1970 or currencies in lower case.
    """
    kinds = ENTITIES[found.entity].columns
    if found.entity not in ("orders", "order_lines", "payments", "returns"):
        return
    if form not in ("json", "jsonl") and not _is_of_web_service(values, found):
        return
    if _has_no_cents(values, found):
        return
    money = [
        one for name, one in found.columns.items() if kinds[name] in MONEY and name not in ("quantity", "discount")
    ]
    amounts = [one for one in money if not values.numbers(one).sql]
    if not amounts or len(amounts) < len(money) or not all(_may_be_hundredths(values, one) for one in amounts):
        return
    names = ", ".join(f"`{one.name}`" for one in amounts)
    text = f"{names}: all amounts are whole numbers, as amounts in cents are. The draft takes them as whole units"
    yield decisive(f"{text}. If they are in cents, divide them by 100 in the expression; else only remove this comment")


def _is_of_web_service(values: Values, found: Match) -> bool:
    """Whether a table has times as seconds or milliseconds since 1970, or currencies in lower case (`usd`)."""
    kinds = ENTITIES[found.entity].columns
    times = [values.times(one, kinds[name]) for name, one in found.columns.items() if kinds[name] in TIMES]
    if any(form.startswith("epoch") for time in times for form in time.formats):
        return True
    currency = found.columns.get("currency")
    return bool(currency and values.counted(f"regexp_full_match({currency.column}, '[a-z]{{3}}')"))


def _has_no_cents(values: Values, found: Match) -> bool:
    """Whether all amounts are in currencies that are written without decimals."""
    if one := found.columns.get("currency"):
        codes = ", ".join(f"'{code}'" for code in _WITHOUT_CENTS)
        return not values.counted(f"upper({one.column}) not in ({codes})")
    return values.wishes.currency in _WITHOUT_CENTS


def _may_be_hundredths(values: Values, one: Field) -> bool:
    """Whether all amounts are whole and most of them large enough."""
    amount = values.amount(one)
    filled = values.counted(f"{amount} > 0")
    whole = values.counted(f"{amount} > 0 and {amount} % 1 = 0 and not contains({one.column}, '.')")
    large = values.counted(f"{amount} >= {_LEAST_VALUE}")
    return filled >= _RECORDS and whole == filled and large > filled / 2
