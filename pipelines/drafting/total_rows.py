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
