"""Finds rows of totals among the records: reports end with them, and a sum must not become an order or a line."""

from collections.abc import Iterator

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values

_TOTAL = (
    r"(?i)\s*((grand|sub|running)[\s-]*totals?|totals?|totale|totaal|sum|summe|suma|somme|gesamt(summe|betrag)?"
    r"|(end|zwischen|tages|monats)summe|sous-total|subtotal|total g[ée]n[ée]ral|totale generale"
    r"|合计|总计|小计|共计|合計|総計|小計)[\s:：.]*(\(.*\)|\d.*)?"
)
_LABELS = ("customer_ref", "product_id", "product_name")  # besides the key and the first column
_MOST = 0.5  # of the records
_LEAST = 0.9  # of the orders with several amounts
_FEW = 5  # orders


def about_order_rows(values: Values, found: Match) -> Iterator[Remark]:
    """A remark on order lines among which each order has a row for itself: its amount is the sum of the others.

    Args:
        values: The file.
        found: The columns of the lines.
    """
    names = ("total",) if "total" in found.columns else ("unit_price", "quantity")
    if found.entity != "order_lines" or not {"order_id", *names} <= set(found.columns):
        return
    order, amounts = found.columns["order_id"], [found.columns[name] for name in names]
    amount = f"({' * '.join(map(values.amount, amounts))})"
    is_sum = "abs(2 * highest - whole) < 0.01"
    ((several, sums, long, different),) = values.table.query(
        f"select count(*), count(*) filter ({is_sum}), count(*) filter ({is_sum} and n > 2),"  # noqa: S608 (names of ours)
        f" count(distinct highest) filter ({is_sum}) from ("
        f"select count({amount}) as n, max({amount}) as highest, sum({amount}) as whole from {values.rows.sample}"
        f" where {order.column} is not null and {amount} > 0 group by {order.column} having count({amount}) > 1)"
    )
    n = int(str(sums))
    # two lines of one order may cost the same
    if not n or n < _LEAST * int(str(several)) or not (int(str(long)) or int(str(different)) >= _FEW):
        return
    shown = " x ".join(f"`{one.name}`" for one in amounts)
    orders = counted(int(str(several)), "order has", "orders have")
    yield decisive(
        f"total: {orders} several rows, and in {n:,} of them, one amount ({shown}) is the sum of the others. If"
        " it is a row for the whole order, its amount would count twice: leave these rows out with `skips`"
    )


def about_total_rows(values: Values, found: Match) -> Iterator[Remark]:
    """A remark on records that a word in their key or first column calls a total.

    Args:
        values: The file.
        found: The columns of the entity.
    """
    entity = ENTITIES[found.entity]
    columns = [one for name in (*entity.key, *_LABELS) if (one := found.columns.get(name))]
    labels = list(dict.fromkeys([*values.rows.fields[:1], *columns]))
    texts = [(one, f"coalesce(regexp_full_match({one.column}, {quoting.text(_TOTAL)}), false)") for one in labels]
    is_total = " or ".join(condition for _, condition in texts)
    count = values.counted(f"({is_total})") if texts else 0
    if not 0 < count <= _MOST * values.counted("true"):
        return
    label, condition = next((one, text) for one, text in texts if values.counted(text))
    ((example,),) = values.table.query(f"select min({label.column}) from {values.rows.sample} where {condition}")  # noqa: S608 (names of ours)
    looks = "looks like a total and not like a record" if count == 1 else "look like totals and not like records"
    text = f"{counted(count, 'row')} {looks}, such as `{example}` in `{label.name}`"
    if _become_rows(values, found, is_total):
        name = label.sql if label.sql.startswith('"') else quoting.name(label.name)
        where = f"where: {quoting.text(f'{name} = {quoting.text(str(example))}')}"
        skip = f"`skips: [{{name: totals, why: a sum, {where}}}]`"
        yield decisive(f"{text}. A run would count it beside what it adds up. Leave it out: write {skip} in this entry")
    else:
        yield Remark(f"{text}: a run rejects it, because it has no key or no time")


def _become_rows(values: Values, found: Match, is_total: str) -> int:
    """How many totals have all that staging needs."""
    entity = ENTITIES[found.entity]
    keys = [found.columns[name].column for name in entity.key if name in found.columns]
    times = [("ordered_at",)] if found.entity == "order_lines" else []
    filled = [f"{column} is not null" for column in keys]
    for need in (*entity.needs, *times):
        there = [f"{found.columns[name].column} is not null" for name in need if name in found.columns]
        filled += [f"({' or '.join(there)})"] if there else []
    return values.counted(" and ".join([f"({is_total})", *filled]))
