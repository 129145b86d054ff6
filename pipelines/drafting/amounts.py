"""Finds the currency that amounts state themselves, with a sign or a code beside the number."""

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.drafting.drafted import DraftedColumn, Remark, decisive
from pipelines.drafting.matching import MONEY, Match, Values


def stated_currency(values: Values, found: Match) -> dict[str, DraftedColumn]:
    """The currency that the amounts themselves state, if no column does."""
    kinds = ENTITIES[found.entity].columns
    if "currency" not in kinds or "currency" in found.columns:
        return {}
    amounts = {one.name: values.numbers(one) for name, one in found.columns.items() if kinds[name] in MONEY}
    stated = {name: numbers.currencies for name, numbers in amounts.items() if numbers.currencies}
    wished = values.wishes.currency
    if not stated or all(wished in meant for meant in stated.values()):
        return {}
    names, first = ", ".join(f"`{name}`" for name in stated), next(iter(stated.values()))
    if set(stated.values()) == {first} and len(first) == 1:
        remark = Remark(f"currency: {names} {'is' if len(stated) == 1 else 'are'} written with {first[0]}")
        return {"currency": DraftedColumn(quoting.text(first[0]), remarks=(remark,))}
    meant = " or ".join(sorted({code for codes in stated.values() for code in codes}))
    used = wished or first[0]
    remark = decisive(f"currency: {names}: the signs beside the amounts mean {meant}. The draft uses {used}")
    return {"currency": DraftedColumn(quoting.text(used), remarks=(remark,))}
