"""Refuses a condition whose result can differ between two reads of the same version, such as `random() < 0.1`.

DuckDB says of each of its functions whether its result can change; the exceptions are listed here.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pipelines.base.database import small_query_connection
from pipelines.base.errors import ConfigError
from pipelines.publication import PublishedTable

_CHANGING = r"""
    with changing as (
        select distinct function_name as name from duckdb_functions() where stability <> 'CONSISTENT'
    )

    select name from changing
    union
    select function_name
    from duckdb_functions(), changing
    where function_type = 'macro' and regexp_matches(macro_definition, '\b' || name || '\(')
"""
# They read the clock, but DuckDB calls them consistent.
_CLOCKS = frozenset({"current_localtime", "current_localtimestamp"})
# Those that SQL calls without parentheses, besides those that are functions as well.
_CALLED_BARE = frozenset({"current_time", "current_timestamp", "localtime", "localtimestamp"})


def require_repeatable(table: PublishedTable, where: str) -> None:
    """Refuse a condition whose result can change. What is not SQL is left to the caller.

    Args:
        table: The mart.
        where: The condition on its columns.

    Raises:
        ConfigError: It has a function or a sample whose result can change.
    """
    with small_query_connection() as connection:
        ((found,),) = connection.execute("select json_serialize_sql(?::varchar)", [f"select (\n{where}\n)"]).fetchall()
    columns = {column.name.lower() for column in table.columns}
    for node in _nodes(json.loads(found)):
        if (name := _changing_part(node, columns)) is not None:
            raise ConfigError(
                f"the condition {where!r} cannot be used on {table.name}: the result of {name} can change, but the same"
                " version must give the same rows",
                hint="Compare columns with fixed values. For the day of the version use its column as_of_on; for a part"
                " of the customers, compare customer_key: customer_key < '1' is about one in 16.",
            )


def _changing_part(node: dict[str, Any], columns: set[str]) -> str | None:
    """What can change in an expression, without the expressions below it."""
    if node.get("sample"):
        return "a sample"
    kind = node.get("class")
    if kind in ("FUNCTION", "WINDOW"):
        name = str(node["function_name"]).lower()
        reads_clock = name in _CLOCKS or (name == "age" and len(node.get("arguments", ())) == 1)
        return f"{name}()" if reads_clock or name in _changing() else None
    if kind == "COLUMN_REF" and len(node["column_names"]) == 1:
        name = str(node["column_names"][0]).lower()
        return name if name not in columns and name in _changing() | _CALLED_BARE else None
    return None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for one in tree:
            yield from _nodes(one)


@cache
def _changing() -> frozenset[str]:
    """The names of functions whose result can change, and of macros that call one."""
    with small_query_connection() as connection:
        return frozenset(name for (name,) in connection.execute(_CHANGING).fetchall())
