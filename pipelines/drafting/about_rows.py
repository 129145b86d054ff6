"""What the rows of a drafted entity show: keys that occur twice, missing references, negative quantities."""

from collections.abc import Iterator

from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.total_rows import about_order_rows, about_total_rows
from pipelines.landing.entity_rows import GENERATED_KEYS


def about_rows(values: Values, found: Match) -> Iterator[Remark]:
    """Remarks on the rows of an entity.

    Args:
        values: The file.
        found: The columns of the entity.
    """
    key = [found.columns[column].column for column in ENTITIES[found.entity].key if column in found.columns]
    is_whole = len(key) == len(ENTITIES[found.entity].key)
    if is_whole:
        names = ", ".join(f"`{found.columns[column].name}`" for column in ENTITIES[found.entity].key)
        ((twice,),) = values.table.query(
            f"select coalesce(sum(n), 0) from (select count(*) as n from {values.rows.sample}"  # noqa: S608 (names of ours)
            f" group by {', '.join(key)} having count(*) > 1)"
        )
        if n := int(str(twice)):
            text = f"{n:,} records have a key ({names}) that another record has too: only one record per key counts"
            # most records would be lost: the file may be a list of something else
            yield (
                decisive(f"{text}. Check what the records are, or choose another key")
                if n > values.counted("true") / 2
                else Remark(text, is_open=True)
            )
    elif (generated := GENERATED_KEYS.get(found.entity)) and generated not in found.columns:
        yield Remark(f"{generated}: no column identifies a row, so a run generates an ID")
    if found.entity == "order_lines" and (quantity := found.columns.get("quantity")):
        number = f"try_cast({quantity.column} as double)"
        if negative := values.counted(f"{number} < 0"):
            yield Remark(
                f"{counted(negative, 'record has', 'records have')} a negative `{quantity.name}`, which staging"
                " rejects. If they are returns, map them as `returns`; otherwise leave them out with `skips`",
                True,
            )
    yield from about_total_rows(values, found)
    yield from about_order_rows(values, found)
    if reference := found.columns.get("customer_ref"):
        if found.entity != "customers" and values.are_names(reference):
            text = f"customer_ref: `{reference.name}` has names, so different people with one name are one customer"
            yield decisive(f"{text}. Map a column with a number, an e-mail address or a phone number of the customer")
        if empty := values.counted(f"{reference.column} is null"):
            who = "the e-mail identifies the customer" if "email" in found.columns else "they belong to no customer"
            yield Remark(f"{counted(empty, 'record has', 'records have')} no `{reference.name}`: {who}")
    elif "email" not in found.columns and found.entity in ("orders", "interactions", "cases", "survey_answers"):
        yield Remark("no column says who the customer is (customer_ref, email)", found.entity == "orders")
    if found.entity == "returns":
        yield Remark(
            "does the amount include tax and shipping? Above `columns`, write `amount_basis: gross` if it does,"
            " otherwise `amount_basis: goods`",
            True,
        )
