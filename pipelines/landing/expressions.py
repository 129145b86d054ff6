"""Parses the expressions of a mapping file with DuckDB's own parser.

An expression comes from trusted config, but it must be one plain expression over the columns of one record: no
subquery, no window, no aggregate, and no function whose result can change between two landings. This module does not
know how an expression is used.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from pipelines.base.database import small_query_connection

# With each of these, a second landing of the same file could differ from the first, or the expression could read data
# outside the record.
_FORBIDDEN = frozenset(
    [
        "random",
        "gen_random_uuid",
        "uuid",
        "uuidv4",
        "uuidv7",
        "setseed",
        "now",
        "today",
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "get_current_timestamp",
        "get_current_time",
        "transaction_timestamp",
        "nextval",
        "currval",
        "getenv",
        "getvariable",
        "current_setting",
        "txid_current",
        "unnest",
    ]
)

# SQL calls these functions without parentheses, unless the name is quoted.
_CALLED_BARE = frozenset(["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"])

# A macro that calls an aggregate function is an aggregate too.
_AGGREGATES = r"""
    with aggregates as (
        select distinct function_name as name from duckdb_functions() where function_type = 'aggregate'
    ),

    macros as (
        select function_name, unnest(regexp_extract_all(macro_definition, '(\w+)\(', 1)) as called
        from duckdb_functions()
        where function_type = 'macro'
    )

    select name from aggregates
    union
    select function_name from macros semi join aggregates on macros.called = aggregates.name
"""

_CHANGES = "not allowed in a mapping: its result for the same record can change"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: The SQL text from the mapping.
        references: The source columns that it reads; a dotted path into nested data has several parts.
        problem: Why it is not valid SQL, or an empty string. It can still be the name of a column, such as `Created
            at`.
        is_reference: Whether it is one reference to a source column, and nothing else.
    """

    text: str
    references: frozenset[Path]
    problem: str
    is_reference: bool = False

    @property
    def is_name(self) -> bool:
        """Whether it is only the name of a column, as SQL or as a text, or a dotted path."""
        return bool(self.problem) or self.is_reference


@cache
def _aggregates() -> frozenset[str]:
    """The names of all aggregate functions: the parser does not distinguish them from other functions."""
    with small_query_connection() as connection:
        return frozenset(name for (name,) in connection.execute(_AGGREGATES).fetchall())


_PARSED: dict[str, Expression] = {}  # a cache: parsing depends only on the text


def parse(text: str) -> Expression:
    """Parse one expression, without knowing the source's columns."""
    if text not in _PARSED:
        parse_all([text])
    return _PARSED[text]


def parse_all(texts: Iterable[str]) -> None:
    """Parse many expressions at once."""
    with small_query_connection() as connection:
        for text in texts:
            if text not in _PARSED:
                _PARSED[text] = _parse(connection, text)


def _parse(connection: duckdb.DuckDBPyConnection, text: str) -> Expression:
    # Because of the line end, a trailing comment does not include the bracket.
    statement = f"select (\n{text}\n)"
    ((found,),) = connection.execute("select json_serialize_sql(?::varchar)", [statement]).fetchall()
    parsed: dict[str, Any] = json.loads(found)
    if parsed["error"]:
        return Expression(text, frozenset(), f"not a SQL expression: {parsed['error_message']}")
    statements = parsed["statements"]
    if len(statements) != 1 or len(statements[0]["node"].get("select_list", [])) != 1:
        return Expression(text, frozenset(), "must be one expression")
    references: set[Path] = set()
    selected = statements[0]["node"]["select_list"][0]
    problem = _walk(selected, statement.encode(), frozenset(), references)
    if not problem and statements[0]["node"]["from_table"]["type"] != "EMPTY":
        problem = "must be one expression, without a FROM"
    return Expression(text, frozenset(references), problem, not problem and selected["class"] == "COLUMN_REF")


def _walk(node: Any, statement: bytes, bound: frozenset[str], references: set[Path]) -> str:
    """Collect the references below a node of the syntax tree, and return the first problem."""
    if isinstance(node, list):
        return next((problem for item in node if (problem := _walk(item, statement, bound, references))), "")
    if not isinstance(node, dict):
        return ""
    kind = node.get("class")
    if kind in ("SUBQUERY", "WINDOW", "STAR", "PARAMETER", "DEFAULT"):
        return f"a {str(kind).lower()} is not allowed in a mapping: an expression reads one record"
    if kind == "FUNCTION":
        function = str(node["function_name"]).lower()
        if function in _FORBIDDEN:
            return f"{node['function_name']}() is {_CHANGES}"
        if function in _aggregates():
            return f"the aggregate {function}() is not allowed in a mapping: an expression reads one record"
    if kind == "COLUMN_REF":
        path = tuple(str(part) for part in node["column_names"])
        is_quoted = statement[node["query_location"] :].startswith(b'"')  # the location is in bytes
        if len(path) == 1 and path[0].lower() in _CALLED_BARE and not is_quoted:
            return f"{path[0]} is {_CHANGES}. If it is a column, quote its name: '\"{path[0]}\"'"
        if path[0] not in bound:
            references.add(path)
        return ""
    if kind == "LAMBDA" and node.get("syntax_type") == "LAMBDA_KEYWORD":
        names: set[Path] = set()
        _walk(node["lhs"], statement, frozenset(), names)
        return _walk(node["expr"], statement, bound | {name[0] for name in names}, references)
    return next((problem for item in node.values() if (problem := _walk(item, statement, bound, references))), "")
