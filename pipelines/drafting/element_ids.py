"""Finds the ID of the lines in a list of an order: it must be unique within the order, in all records of the file."""

from dataclasses import replace

from pipelines.drafting.drafted import Remark
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.names import compared
from pipelines.drafting.table import RECORDS, Field
from pipelines.landing.binding import json_path, references

_NAMES = ("id", "uuid", "key")  # in a record of a line, these words alone mean the line


def with_line_ids(values: Values, found: Match) -> tuple[Match, tuple[Remark, ...]]:
    """Order lines with their ID, if their elements have one; without it, a run generates one.

    Args:
        values: The elements of the list.
        found: The columns that were found by their names.
    """
    if found.entity != "order_lines":
        return found, ()
    remarks: tuple[Remark, ...] = ()
    if named := found.columns.get("line_id"):
        if _is_unique(values, named):
            return found, ()
        found = replace(found, columns={name: one for name, one in found.columns.items() if name != "line_id"})
        remarks = (Remark(f"line_id: `{named.name}` is not different in each line of an order, so it is not used"),)
    taken = {one.column for one in (*found.columns.values(), *([named] if named else []))}
    free = (one for one in values.rows.fields if one.column not in taken and compared(one.name) in _NAMES)
    one = next((one for one in free if _is_unique(values, one)), None)
    if one is None:
        return found, remarks
    if "product_id" not in found.columns and _is_in_several_orders(values, one):
        text = f"product_id: several orders have lines with the same `{one.name}`, so the draft takes it as the product"
        remark = Remark(f"{text}. If it is only the number of the line, map it as `line_id`", is_open=True)
        return replace(found, columns={**found.columns, "product_id": one}), (*remarks, remark)
    return replace(found, columns={**found.columns, "line_id": one}), remarks


def _is_unique(values: Values, one: Field) -> bool:
    """Whether each element of a list has a value that no other element of the same list has."""
    (path,) = references(values.rows.each or "")
    texts = f"list_transform({_elements(path)}, lambda one : nullif(trim(one->>{json_path(one.path)}), ''))"
    ((not_unique,),) = values.table.query(
        f"select count(*) from (select {texts} as texts from {RECORDS})"  # noqa: S608 (names are quoted)
        " where len(texts) > list_unique(texts)"
    )
    return not not_unique


def _elements(path: tuple[str, ...]) -> str:
    value = f"json_extract(document, {json_path(path)})"
    return f"case when json_type({value}) = 'ARRAY' then from_json({value}, '[\"JSON\"]') end"


def _is_in_several_orders(values: Values, one: Field) -> bool:
    """Whether different orders have elements with the same value, and these are not just numbers from 1 on."""
    ((rows, different, highest),) = values.table.query(
        f"select count({one.column}), count(distinct {one.column}), max(try_cast({one.column} as bigint))"  # noqa: S608 (names of ours)
        f" from {values.rows.sample}"
    )
    n, distinct = int(str(rows)), int(str(different))
    return distinct < n and (highest is None or int(str(highest)) > distinct)
