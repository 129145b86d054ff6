"""The condition of an audience: the check that it is one plain SQL condition on columns of the marts.

DuckDB parses the condition; no data is read. The columns are in audience_columns.py.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.spelling import did_you_mean
from pipelines.config.audience_columns import audience_columns

_KINDS = {
    "COLUMN_REF",
    "CONSTANT",
    "COMPARISON",
    "CONJUNCTION",
    "OPERATOR",
    "BETWEEN",
    "CASE",
    "CAST",
    "FUNCTION",
    "TYPE",
}
# Functions that mean the same on both engines and read nothing else.
FUNCTIONS = frozenset({"+", "-", "*", "/", "~~", "!~~", "abs", "lower", "upper", "length", "round", "trim"})
_PATTERNS = frozenset({"~~", "!~~"})
_EQUALITIES = frozenset(
    {f"COMPARE_{kind}" for kind in ("EQUAL", "NOTEQUAL", "IN", "NOT_IN", "DISTINCT_FROM", "NOT_DISTINCT_FROM")}
)
# How users write functions that the parser names otherwise.
_WRITTEN = {"~~": "like", "!~~": "not like", "~~*": "ilike", "!~~*": "not ilike", "~~~": "glob", "contains": "in"}
_VALUES = {"string": "'a'", "boolean": "true", "date": "date '2024-01-01'", "timestamp": "timestamp '2024-01-01'"}
_SELECT = "select "
_ONE_CONDITION = "must be one SQL condition, such as level = 'at_risk' and recency_days > 90"


@dataclass(frozen=True)
class Compared:
    """A text that a condition compares with something.

    Attributes:
        sql: What it is compared with, such as `lower(segment)`.
        column: The name of the column, if it is compared with a column as it is.
        text: The text.
        is_pattern: Whether it is a pattern of `like`.
    """

    sql: str
    column: str | None
    text: str
    is_pattern: bool


def checked(condition: str) -> str:
    """The condition without spaces around it.

    Raises:
        ValueError: It is not one plain SQL condition on the columns of the marts. The message has the place in the
            condition.
    """
    text = condition.strip()
    (statement, *others) = _parsed(_SELECT + text, text)
    node = statement["node"]
    items = node.get("select_list", ())
    plain = not others and len(items) == 1 and not items[0].get("alias")
    if not plain or node.get("from_table", {}).get("type") != "EMPTY" or node.get("modifiers"):
        raise ValueError(_ONE_CONDITION)
    _parsed(f"{_SELECT}(\n{text}\n)", text)  # as models use it
    for one in _expressions(items[0]):
        _allow(one, text)
    _bind(text)
    return text


def check_codes(condition: str, values: Mapping[str, Any]) -> None:
    """Check the texts that a checked condition compares with columns whose codes the settings decide on.

    Args:
        condition: The condition.
        values: The vars of dbt.

    Raises:
        ValueError: A column never has such a text.
    """
    columns = audience_columns().items()
    codes = {name: tuple(values[one.codes_var]) for name, one in columns if one.codes_var}
    for one in _expressions(_item(condition)):
        _allow_codes(one, condition, codes)


def columns_used(condition: str) -> set[str]:
    """The names of the columns in a checked condition."""
    return {_column(one) for one in _expressions(_item(condition)) if one["class"] == "COLUMN_REF"}


def texts_compared(condition: str) -> list[Compared]:
    """The texts that a checked condition compares with something, in their order."""
    found = []
    for one in _expressions(_item(condition)):
        is_pattern = one.get("function_name") in _PATTERNS
        if not is_pattern and one.get("type") not in _EQUALITIES:
            continue
        operands = _operands(one)
        texts = [text for operand in operands if (text := _text(operand)) is not None]
        others = [operand for operand in operands if _text(operand) is None]
        if len(others) == 1:
            (other,) = others
            column = _column(other) if other["class"] == "COLUMN_REF" else None
            found += [Compared(_sql(other), column, text, is_pattern) for text in texts]
    return list(dict.fromkeys(found))


def _item(condition: str) -> dict[str, Any]:
    """A checked condition as DuckDB has parsed it."""
    (statement, *_) = _parsed(_SELECT + condition, condition)
    item: dict[str, Any] = statement["node"]["select_list"][0]
    return item


def _operands(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    sides = [comparison[side] for side in ("left", "right") if side in comparison]
    return [*comparison.get("children", ()), *sides, *(one["expression"] for one in comparison.get("arguments", ()))]


def _is_comparison(expression: dict[str, Any]) -> bool:
    return expression["class"] == "COMPARISON" or expression.get("type") in ("COMPARE_IN", "COMPARE_NOT_IN")


def _text(expression: dict[str, Any]) -> str | None:
    """The text, if an expression is one."""
    literal = expression.get("literal", {})
    return str(literal["text"]) if literal.get("kind") == "STRING" else None


def _sql(expression: dict[str, Any]) -> str:
    """An expression as SQL again."""
    with small_query_connection() as connection:
        ((found,),) = connection.execute("select json_serialize_sql('select 1')").fetchall()
        tree = json.loads(found)
        tree["statements"][0]["node"]["select_list"] = [expression]
        ((sql,),) = connection.execute("select json_deserialize_sql(?::json)", [json.dumps(tree)]).fetchall()
    return str(sql).removeprefix(_SELECT.upper())


def _parsed(sql: str, condition: str) -> list[dict[str, Any]]:
    with small_query_connection() as connection:
        ((found,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    result = json.loads(found)
    if result["error"]:
        if result.get("error_type") != "parser":
            raise ValueError(_ONE_CONDITION)
        at = int(result.get("position", 0)) - len(sql[: sql.find(condition)]) if condition else 0
        raise ValueError(f"is not SQL{_place(condition, at)}: {result['error_message']}")
    return list(result["statements"])


def _expressions(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "class" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _expressions(one)


def _column(expression: dict[str, Any]) -> str:
    return ".".join(expression["column_names"]).lower()


def _allow(one: dict[str, Any], condition: str) -> None:
    place = _place(condition, int(one.get("query_location", 0)) - len(_SELECT))
    if one["class"] == "COLUMN_REF":
        name = _column(one)
        known = audience_columns()
        if name not in known:
            near = did_you_mean(name.rpartition(".")[2], known, "docs/marts.md lists the columns of each mart")
            raise ValueError(f"there is no column `{name}` for audiences{place}{near}")
    elif _is_comparison(one):
        _allow_codes(one, condition, {name: column.codes for name, column in audience_columns().items()})
    elif one["class"] == "FUNCTION":
        name = str(one["function_name"]).lower()
        if name not in FUNCTIONS:
            allowed = sorted(_WRITTEN.get(one, one) for one in FUNCTIONS)
            near = did_you_mean(name, FUNCTIONS, f"allowed are {', '.join(allowed)}")
            raise ValueError(f"the function `{_WRITTEN.get(name, name)}` cannot be used{place}{near}")
    elif one["class"] not in _KINDS:
        raise ValueError(
            f"a {str(one['class']).lower()} cannot be used{place}: compare columns with values, and join conditions"
            " with and, or, not"
        )


def _allow_codes(one: dict[str, Any], condition: str, codes_of: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a text that a column never has: nobody would belong to the audience, or everybody."""
    operands = _operands(one) if _is_comparison(one) else []
    names = [_column(one) for one in operands if one["class"] == "COLUMN_REF"]
    name, codes = next(((name, codes_of[name]) for name in names if codes_of.get(name)), ("", ()))
    for operand in operands:
        value = _text(operand)
        if codes and value is not None and value not in codes:
            place = _place(condition, int(operand.get("query_location", 0)) - len(_SELECT))
            near = did_you_mean(value, codes, f"there are {', '.join(codes)}")
            raise ValueError(f"`{name}` never has the value `{value}`{place}{near}")


def _bind(condition: str) -> None:
    """Check the types of a condition on two customers: one without any value, and one with a value everywhere."""
    columns = ", ".join(
        f"{quoting.name(name)} {'varchar' if column.kind == 'string' else column.kind}"
        for name, column in audience_columns().items()
    )
    with small_query_connection() as connection:
        connection.execute(f"create temp table customers ({columns})")
        connection.execute("insert into customers default values")
        values = ", ".join(_VALUES.get(column.kind, "1") for column in audience_columns().values())
        connection.execute(f"insert into customers values ({values})")  # noqa: S608 (values of ours)
        try:
            relation = connection.sql(f"select (\n{condition}\n) as is_member from customers")  # noqa: S608 (checked)
            kind = str(relation.types[0])
            relation.fetchall()
        except duckdb.ConversionException as error:
            why = "a text is used as a number, a day or a truth value; write codes in single quotes"
            raise ValueError(f"cannot be used: {why} ({str(error).partition(chr(10))[0]})") from None
        except duckdb.Error as error:
            raise ValueError(f"cannot be used: {str(error).partition(chr(10))[0]}") from None
    if kind != "BOOLEAN":
        raise ValueError(f"must be true or false for each customer, but is {kind.lower()}")


def _place(condition: str, at: int) -> str:
    return f" (character {at + 1} of the condition)" if 0 <= at < len(condition) else ""
