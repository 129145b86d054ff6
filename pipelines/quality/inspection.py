"""SQL that shows the rows, or the figure, behind a failed expectation. For people: no gate runs it."""

from collections.abc import Mapping

from pipelines.base import quoting
from pipelines.quality.suites import PREVIOUS, Expectation
from pipelines.quality.vocabulary import Value


def inspection_sql(expectation: Expectation, relation: str, published: Mapping[str, str]) -> str:
    """SQL for people who may read the schema; empty if there is nothing to show but the table itself.

    Args:
        expectation: An expectation of a suite.
        relation: The relation of the dataset, quoted.
        published: For each mart, the relation that `previous.<mart>` reads.
    """
    arguments = expectation.arguments
    if expectation.kind == "unexpected_rows":
        sql = PREVIOUS.sub(lambda found: published.get(found[1], found[0]), expectation.sql)
        return sql.replace("{batch}", f"(select * from {relation})")  # noqa: S608
    condition = _condition(expectation.kind, arguments)
    if condition:
        return f"select * from {relation} where {condition}"  # noqa: S608 (shown, not run)
    columns = arguments.get("column_list") or [arguments.get("column")]
    if expectation.kind.endswith("_to_be_unique") and isinstance(columns, list):
        listed = ", ".join(quoting.name(str(column)) for column in columns)
        return f"select {listed}, count(*) from {relation} group by all having count(*) > 1"  # noqa: S608
    aggregate = expectation.kind.removeprefix("expect_column_").removesuffix("_to_be_between")
    if aggregate in ("min", "max", "mean", "sum"):
        return f"select {aggregate}({quoting.name(str(arguments['column']))}) from {relation}"  # noqa: S608
    if aggregate == "unique_value_count":
        return f"select count(distinct {quoting.name(str(arguments['column']))}) from {relation}"  # noqa: S608
    return ""


def _condition(kind: str, arguments: Mapping[str, Value]) -> str:
    column = quoting.name(str(arguments.get("column", "")))
    match kind:
        case "expect_column_values_to_not_be_null":
            return f"{column} is null"
        case "expect_column_values_to_be_null":
            return f"{column} is not null"
        case "expect_column_values_to_be_between":
            return f"not ({_bounds(column, arguments)})"
        case "expect_column_value_lengths_to_be_between":
            return f"not ({_bounds(f'length({column})', arguments)})"
        case "expect_column_values_to_be_in_set":
            return f"{column} not in ({_values(arguments['value_set'])})"
        case "expect_column_values_to_not_be_in_set":
            return f"{column} in ({_values(arguments['value_set'])})"
        case "expect_column_pair_values_a_to_be_greater_than_b":
            sign = ">=" if arguments.get("or_equal") else ">"
            return f"not ({quoting.name(str(arguments['column_A']))} {sign} {quoting.name(str(arguments['column_B']))})"
    return ""


def _bounds(subject: str, arguments: Mapping[str, Value]) -> str:
    parts = []
    for argument, strict, sign in (("min_value", "strict_min", ">"), ("max_value", "strict_max", "<")):
        if arguments.get(argument) is not None:
            parts.append(f"{subject} {sign}{'' if arguments.get(strict) else '='} {_values([arguments[argument]])}")
    return " and ".join(parts)


def _values(values: Value) -> str:
    listed = values if isinstance(values, list) else [values]
    texts = ("'" + str(value).replace("'", "''") + "'" if isinstance(value, str) else str(value) for value in listed)
    return ", ".join(texts)
