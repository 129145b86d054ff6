"""The expectations that a suite may use, with their arguments: those that GX can run as SQL in DuckDB.

The list is kept here so that a suite can be checked without GX, which takes seconds to import. A test compares the
list with GX.

Left out on purpose:

- patterns and types: GX does not support them for this dialect. Write a pattern as `unexpected_rows`, and a type in a
  dbt contract;
- expectations that would load a whole column into Python (quantiles, distributions).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pipelines.base.spelling import did_you_mean

# keys of an expectation in a suite that are not arguments
_KEYS = ("expect", "unexpected_rows", "name", "severity", "why")

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


class Scope(StrEnum):
    """What an expectation checks.

    Attributes:
        TABLE: The table as a whole.
        ROWS: Each row; unexpected rows are counted. A table without rows passes.
        AGGREGATE: One figure over all rows. A table without rows has no figure, and nothing is checked.
    """

    TABLE = "table"
    ROWS = "rows"
    AGGREGATE = "aggregate"


@dataclass(frozen=True)
class Kind:
    """One kind of expectation: its scope, its required arguments and its optional arguments."""

    scope: Scope
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


_BOUNDS = ("min_value", "max_value")
_STRICT = (*_BOUNDS, "strict_min", "strict_max")

KINDS: Mapping[str, Kind] = {
    "expect_table_row_count_to_be_between": Kind(Scope.TABLE, (), _BOUNDS),
    "expect_table_columns_to_match_set": Kind(Scope.TABLE, ("column_set",), ("exact_match",)),
    "expect_column_to_exist": Kind(Scope.TABLE, ("column",)),
    "expect_column_values_to_not_be_null": Kind(Scope.ROWS, ("column",), ("mostly",)),
    "expect_column_values_to_be_null": Kind(Scope.ROWS, ("column",), ("mostly",)),
    "expect_column_values_to_be_between": Kind(Scope.ROWS, ("column",), (*_STRICT, "mostly")),
    "expect_column_values_to_be_in_set": Kind(Scope.ROWS, ("column", "value_set"), ("mostly",)),
    "expect_column_values_to_not_be_in_set": Kind(Scope.ROWS, ("column", "value_set"), ("mostly",)),
    "expect_column_values_to_be_unique": Kind(Scope.ROWS, ("column",), ("mostly",)),
    "expect_column_value_lengths_to_be_between": Kind(Scope.ROWS, ("column",), (*_BOUNDS, "mostly")),
    "expect_column_pair_values_a_to_be_greater_than_b": Kind(
        Scope.ROWS, ("column_A", "column_B"), ("or_equal", "ignore_row_if", "mostly")
    ),
    "expect_compound_columns_to_be_unique": Kind(Scope.ROWS, ("column_list",), ("ignore_row_if", "mostly")),
    "expect_column_min_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
    "expect_column_max_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
    "expect_column_mean_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
    "expect_column_sum_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
    "expect_column_unique_value_count_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
    "expect_column_proportion_of_unique_values_to_be_between": Kind(Scope.AGGREGATE, ("column",), _STRICT),
}


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and value != ""


def _is_day(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_texts(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(item) for item in value)


_ARGUMENTS: Mapping[str, tuple[str, Callable[[Value], bool]]] = {
    "column": ("the name of a column", _is_text),
    "column_A": ("the name of a column", _is_text),
    "column_B": ("the name of a column", _is_text),
    "column_list": ("a list of at least two columns", lambda value: _is_texts(value) and len(value or ()) > 1),  # type: ignore[arg-type]  # checked to be a list
    "column_set": ("a list of columns", _is_texts),
    "value_set": ("a list of values", lambda value: isinstance(value, list) and bool(value)),
    "min_value": ("a number or a day (YYYY-MM-DD)", lambda value: _is_number(value) or _is_day(value)),
    "max_value": ("a number or a day (YYYY-MM-DD)", lambda value: _is_number(value) or _is_day(value)),
    "mostly": ("a share from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),  # type: ignore[operator]  # checked to be a number
    "strict_min": ("true or false", lambda value: isinstance(value, bool)),
    "strict_max": ("true or false", lambda value: isinstance(value, bool)),
    "exact_match": ("true or false", lambda value: isinstance(value, bool)),
    "or_equal": ("true or false", lambda value: isinstance(value, bool)),
    "ignore_row_if": (
        "both_values_are_missing, either_value_is_missing, all_values_are_missing, any_value_is_missing or never",
        lambda value: isinstance(value, str) and (value == "never" or value.endswith("_missing")),
    ),
}


def problem(name: str, arguments: Mapping[str, Value]) -> tuple[str | None, str] | None:
    """What is wrong with an expectation of a suite.

    Returns:
        None if nothing is wrong; otherwise the wrong argument (None for the expectation itself) and the message.
    """
    kind = KINDS.get(name)
    if kind is None:
        near = did_you_mean(name, KINDS, "use one in pipelines/quality/vocabulary.py, or SQL as `unexpected_rows`")
        return None, f"the expectation {name!r} is not known{near}"
    allowed = (*kind.required, *kind.optional)
    for argument, value in arguments.items():
        if argument not in allowed:
            near = did_you_mean(argument, (*allowed, *_KEYS), f"its arguments are {', '.join(allowed)}")
            return argument, f"{name} has no argument {argument!r}{near}"
        expected, is_valid = _ARGUMENTS[argument]
        if not is_valid(value):
            return argument, f"{argument} must be {expected}"
    missing = [argument for argument in kind.required if argument not in arguments]
    if missing:
        return None, f"{name} needs {', '.join(missing)}"
    if "min_value" in kind.optional and not arguments.keys() & set(_BOUNDS):
        return None, f"{name} needs min_value or max_value"
    return None
