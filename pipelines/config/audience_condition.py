"""The condition of an audience: which columns it can use, and the check that it is one plain SQL condition on them.

The columns are those that the marts declare beside their SQL, so nothing about them is written twice. DuckDB parses the
condition; no data is read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import duckdb
import yaml

from pipelines.base import quoting
from pipelines.base.project import project_root
from pipelines.base.spelling import did_you_mean

# The published marts with one row per customer. Of a column that several marts have, the first one is read; it means
# the same in each of them.
MARTS = (
    "customer_loyalty",
    "customer_actions",
    "customer_rfm",
    "customer_clv",
    "customer_nps",
    "customer_points",
    "customer_profile",
    "dim_customer",
)
# Their columns that customer_loyalty_history has at each month end too.
HISTORY = frozenset({"level", "loyalty_class", "quadrant", "loyalty_type", "rfm_segment"})
_LEFT_OUT = {"customer_key", "as_of_on"}
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
# How users write functions that the parser names otherwise.
_WRITTEN = {"~~": "like", "!~~": "not like", "~~*": "ilike", "!~~*": "not ilike", "~~~": "glob", "contains": "in"}
_VALUES = {"string": "'a'", "boolean": "true", "date": "date '2024-01-01'", "timestamp": "timestamp '2024-01-01'"}
_SELECT = "select "
_ONE_CONDITION = "must be one SQL condition, such as level = 'at_risk' and recency_days > 90"


@dataclass(frozen=True)
class AudienceColumn:
    """A column that conditions can use.

    Attributes:
        mart: The mart that it is read from.
        kind: Its type, as the mart declares it.
        codes: Its possible values, if the mart declares them.
    """

    mart: str
    kind: str
    codes: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def audience_columns() -> dict[str, AudienceColumn]:
    """Every column that a condition can use, by its name, in the order of the marts."""
    declared: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
    for path in sorted((project_root() / "dbt_project" / "models" / "marts").rglob("*__*.yml")):
        text = path.read_text(encoding="utf-8")
        if any(f"  - name: {mart}\n" in text for mart in MARTS):
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            for model in yaml.load(text, Loader=loader).get("models", ()):
                codes = _codes(model)
                declared[model["name"]] = [
                    (one["name"], one.get("data_type", ""), codes.get(one["name"], ()))
                    for one in model.get("columns", ())
                ]
    found: dict[str, AudienceColumn] = {}
    for mart in MARTS:
        for name, kind, codes_of_it in declared.get(mart, ()):
            if name not in _LEFT_OUT:
                known = found.get(name, AudienceColumn(mart, kind))
                found[name] = replace(known, codes=known.codes or codes_of_it)
    return found


def _codes(model: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The values that a model declares for its columns, by column."""
    found: dict[str, tuple[str, ...]] = {}
    for test in model.get("data_tests", ()):
        rules = test.get("rules", {}) if isinstance(test, dict) else {}
        for entry in rules.get("arguments", {}).get("accepted_values", ()):
            if isinstance(entry.get("values"), list):
                found |= {name: tuple(map(str, entry["values"])) for name in entry["columns"]}
    return found


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


def columns_used(condition: str) -> set[str]:
    """The names of the columns in a checked condition."""
    (statement, *_) = _parsed(_SELECT + condition, condition)
    return {_column(one) for one in _expressions(statement["node"]["select_list"][0]) if one["class"] == "COLUMN_REF"}


def _parsed(sql: str, condition: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
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
    elif one["class"] == "COMPARISON" or one.get("type") in ("COMPARE_IN", "COMPARE_NOT_IN"):
        _allow_codes([*one.get("children", ()), *(one[side] for side in ("left", "right") if side in one)], condition)
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


def _allow_codes(compared: list[dict[str, Any]], condition: str) -> None:
    """Refuse a text that a column never has: nobody would belong to the audience, or everybody."""
    names = [_column(one) for one in compared if one["class"] == "COLUMN_REF"]
    codes = next((known.codes for name in names if (known := audience_columns().get(name))), ())
    for one in compared:
        literal = one.get("literal", {})
        value = literal.get("text") if literal.get("kind") == "STRING" else None
        if codes and isinstance(value, str) and value not in codes:
            place = _place(condition, int(one.get("query_location", 0)) - len(_SELECT))
            near = did_you_mean(value, codes, f"there are {', '.join(codes)}")
            raise ValueError(f"`{names[0]}` never has the value `{value}`{place}{near}")


def _bind(condition: str) -> None:
    """Check the types of a condition on two customers: one without any value, and one with a value everywhere."""
    columns = ", ".join(
        f"{quoting.name(name)} {'varchar' if column.kind == 'string' else column.kind}"
        for name, column in audience_columns().items()
    )
    with duckdb.connect() as connection:
        connection.execute(f"create table customers ({columns})")
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
