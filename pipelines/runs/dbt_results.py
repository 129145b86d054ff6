"""What dbt reports about a build: which model or test failed, as an error that a user can act on.

Reads dbt's own run_results.json; does not depend on Dagster.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.base.errors import BuildError, Finding, GateError, LoyaltyError
from pipelines.base.scarcity import scarcity
from pipelines.base.text import counted
from pipelines.runs.dbt_rules import failing_rules, has_rules

_BROKEN = {"error", "fail", "runtime error", "partial success"}
_DONE = {"success", "pass", "warn"}
_SHOWN = 10


@dataclass(frozen=True)
class DbtFailure:
    """One model or test that failed.

    Attributes:
        kind: model, seed, test, ...
        name: Its name.
        about: The models that a test is about.
        message: dbt's message, on one line.
        rows: Rows that a test found; None if it has no such number.
    """

    kind: str
    name: str
    about: tuple[str, ...]
    message: str
    rows: int | None

    def __str__(self) -> str:
        about = f" on {', '.join(self.about)}" if self.about else ""
        rows = counted(self.rows, "row") if self.rows else self.message
        return f"{self.kind} {self.name}{about}: {rows}"


def read_failures(target: Path, manifest: Mapping[str, Any]) -> list[DbtFailure]:
    """Every failure in `<target>/run_results.json`; nothing if dbt did not get that far."""
    return [
        failure
        for result in read_results(target)
        if result["status"] in _BROKEN
        for failure in _failures(result, manifest)
    ]


def read_results(target: Path) -> list[dict[str, Any]]:
    """What dbt wrote to `<target>/run_results.json`; nothing if it did not get that far."""
    path = target / "run_results.json"
    if not path.is_file():
        return []
    try:
        results: list[dict[str, Any]] = json.loads(path.read_bytes())["results"]
    except (ValueError, KeyError):  # dbt was stopped while it wrote them
        return []
    return results


def read_successes(target: Path) -> frozenset[str]:
    """dbt's ids of what it built, and of the tests that passed, in `<target>/run_results.json`."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return frozenset(result["unique_id"] for result in results if result["status"] in _DONE)


def _failures(result: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[DbtFailure]:
    """One failure; for a test of several rules, one per rule that failed."""
    kind, _, rest = result["unique_id"].partition(".")
    node = manifest["nodes"].get(result["unique_id"], {})
    parents = node.get("depends_on", {}).get("nodes", []) if kind == "test" else []
    failure = DbtFailure(
        kind=kind,
        name=node.get("name") or rest,
        about=tuple(parent.rsplit(".", 1)[-1] for parent in parents),
        message=" ".join((result.get("message") or result["status"]).split()),
        rows=result.get("failures") if result["status"] == "fail" else None,
    )
    rules = failing_rules(result) if has_rules(node) else {}
    table = str(node.get("attached_node")).rsplit(".", 1)[-1]
    broken = [replace(failure, name=f"{table}.{name}", about=(), rows=rows) for name, rows in rules.items()]
    return broken or [failure]


def as_error(failures: list[DbtFailure], stage: str, log: Path, home: Path, message: str = "") -> LoyaltyError:
    """The error that ends the run: a failed gate if only tests failed, else a failed build.

    Args:
        failures: What run_results.json contains.
        stage: Which dbt build it was.
        log: dbt's log.
        home: The home, for messages about its disk.
        message: dbt's own message, for a dbt that did not get as far as results.
    """
    hint = f"dbt's log: {log}"
    if scarce := scarcity(" ".join([message, *(failure.message for failure in failures)]), home):
        return scarce
    if not failures:
        return BuildError(f"dbt failed in {stage}: {message or 'it gave no reason'}", hint=hint)
    lines = [str(failure) for failure in failures[:_SHOWN]]
    if len(failures) > _SHOWN:
        lines.append(f"and {len(failures) - _SHOWN} more")
    text = "\n".join(lines)
    findings = tuple(Finding(f"{failure.kind} {failure.name}", failure.rows) for failure in failures)
    if all(failure.kind == "test" and failure.rows is not None for failure in failures):
        return GateError(f"{counted(len(failures), 'dbt test')} failed in {stage}:\n{text}", hint, findings)
    return BuildError(f"dbt failed in {stage}:\n{text}", hint, findings)
