"""What the rows of a drafted entity show: keys that occur twice, missing references, negative quantities."""

from collections.abc import Iterator

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.table import Field
from pipelines.drafting.total_rows import about_order_rows, about_total_rows
from pipelines.landing.entity_rows import GENERATED_KEYS

# What tills and forms write if the customer is not known: 0, 00000, -1, -99, or a word. Other negative numbers can be
# IDs: a signed hash is negative for half of the customers.
_UNKNOWN_CUSTOMER = (
    r"0+(\.0+)?|-(1|9+)(\.0+)?|n/?a|nan|none|null|unknown|anonymous|guest|walk[- ]?in( customer)?"
    "|cash( (customer|sales?))?|unbekannt|anonym|gast|laufkund(e|schaft)|barverkauf"
    "|inconnu|anonyme|(client )?comptoir|desconocido|anonimo|mostrador|sconosciuto|onbekend"
    "|匿名|游客|散客|未知|非会员|ゲスト"
)


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
    quantity = found.columns.get("quantity") if found.entity == "order_lines" else None
    if quantity and (negative := values.counted(f"{values.amount(quantity)} < 0")):
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
        if found.entity != "customers":
            yield from _about_unknown_customers(values, reference)
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


def _about_unknown_customers(values: Values, reference: Field) -> Iterator[Remark]:
    """References that probably mean an unknown customer, if several records have one: they would be one customer."""
    rows = values.table.query(
        f"select {reference.column}, count(*) as n from {values.rows.sample}"  # noqa: S608 (names of ours)
        f" where regexp_full_match(lower({reference.column}), {quoting.text(_UNKNOWN_CUSTOMER)})"
        f" group by {reference.column} having n > 1 order by n desc, {reference.column}"
    )
    if not rows:
        return
    names = [str(name) for name, _ in rows]
    listed = " and ".join(filter(None, (", ".join(f"`{name}`" for name in names[:-1]), f"`{names[-1]}`")))
    whole = [name.split(".")[0] for name in names]  # the draft may remove the decimals of `0.0`
    meanings = ", ".join(f"{quoting.text(name)}: null" for name in dict.fromkeys((*names, *whole)))
    n_records = sum(int(str(n)) for _, n in rows)
    yield decisive(
        f"customer_ref: {n_records:,} records have {listed} in `{reference.name}`. If this means that the customer is"
        f" not known, write the column with the keys `sql` and `values: {{{meanings}, '*': '*'}}` (docs/mapping.md,"
        " Value maps). Otherwise all records with one of these values count as one customer"
    )
