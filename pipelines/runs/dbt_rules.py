"""The rules of dbt's test `rules`: one test of a table has many rules, and each is shown as a check of its own.

Which rules a test has is read from its arguments in the manifest; which of them failed from the message of its result
(dbt_project/macros/materializations/test.sql). Does not depend on Dagster.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RULES = "rules"

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule of a table.

    Attributes:
        name: As dbt_project/tests/generic/rules.sql names it, unique in its test.
        kind: The argument that declares it.
        columns: The columns that it checks; empty for a rule of the whole table, or a condition.
        optional: Those of them, in a grain, that can be NULL.
    """

    name: str
    kind: str
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def has_rules(node: Mapping[str, Any]) -> bool:
    """Whether a node of the manifest is a test of this kind."""
    return bool((node.get("test_metadata") or {}).get("name") == RULES)


def rules_of(node: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a test, in the order of its arguments; none if it is another kind of test."""
    return tuple(_rules(node["test_metadata"]["kwargs"])) if has_rules(node) else ()


def _rules(arguments: Mapping[str, Any]) -> Iterator[Rule]:
    if columns := arguments.get("grain"):
        yield Rule("grain", "grain", tuple(columns), tuple(arguments.get("optional", ())))
    if arguments.get("n_rows") is not None:
        yield Rule("n_rows", "n_rows")
    for kind in ("not_null", "unique"):
        for column in arguments.get(kind, ()):
            yield Rule(f"{kind}_{column}", kind, (column,))
    for kind in ("within_bounds", "accepted_values"):
        for rule in arguments.get(kind, ()):
            for column in rule["columns"]:
                yield Rule(f"{kind}_{column}", kind, (column,))
    for rule in arguments.get("relationships", ()):
        yield Rule(f"relationships_{rule['column']}", "relationships", (rule["column"],))
    for name in arguments.get("conditions", ()):
        yield Rule(name, "conditions")


def failing_rules(result: Result) -> dict[str, int]:
    """The rules that failed, with their numbers of rows, by a test's result in run_results.json.

    Args:
        result: Of a test of this kind. If the test could not be run, its message is dbt's, and no rule counts as
            failed.
    """
    message = str((result.get("adapter_response") or {}).get("_message") or "")
    if result["status"] not in ("fail", "warn") or not message:
        return {}
    found = (part.rsplit(": ", 1) for part in message.split("; "))
    return {name: int(rows) for name, rows in found}
