"""The full list of what each step must have built and of the blocking checks that must have passed.

The lists come from dbt's manifest, the suites, the totals and the names of assets, so that a new model or check is
required as soon as it exists.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.base.entities import ENTITIES
from pipelines.config.limits import QuarantineSettings
from pipelines.quality import Suite, Total
from pipelines.runs.marks import Required, Step

EXCHANGE_PARTS = ("plan", "order_statuses", "channels", "identifiers", "pseudonyms", "accounts", "settings")
IDENTITY_PARTS = ("identity_components", "identity_blocked", "identity_history")
VALUE_PARTS = (
    "purchase_scores",
    "value_parameters",
    "value_validation",
    "return_curve",
    "model_suitability",
    "contract_retention",
    "contract_scores",
    "drivers",
)
LANDED = (*ENTITIES, "unreadable", "ledger")
DBT_STEPS = {"ingest": Step.STAGING, "identity": Step.IDENTITY, "core": Step.CORE, "marts": Step.MARTS}

_BUILT = ("model", "seed", "snapshot")


def required_parts(
    manifest: Mapping[str, Any],
    suites: Mapping[Step, Iterable[Suite]],
    totals: Iterable[Total],
    limits: QuarantineSettings,
) -> Required:
    """Everything that a complete build has, by step.

    Args:
        manifest: dbt's manifest of the project.
        suites: The suites of each step that has a gate.
        totals: The totals across stages.
        limits: The limits of the quarantine.
    """
    parts = {step: set(names) for step, names in dbt_parts(manifest).items()}
    parts[Step.LANDING] = set(LANDED)
    parts[Step.STAGING].add(quarantine_name(limits))
    parts[Step.EXCHANGE] = set(EXCHANGE_PARTS)
    parts[Step.IDENTITY] |= set(IDENTITY_PARTS)
    parts[Step.VALUE] = set(VALUE_PARTS)
    parts[Step.MARTS] |= {total_name(total) for total in totals}
    for step, expected in suites.items():
        parts[step] |= {gate_name(suite) for suite in expected}
    return {step: frozenset(names) for step, names in parts.items()}


def dbt_parts(manifest: Mapping[str, Any]) -> dict[Step, frozenset[str]]:
    """The models, seeds and blocking tests of each step that dbt builds. A test belongs to the last step that it reads.

    dbt's unit tests are not included: they need no data, and `make test` executes them.
    """
    order = list(Step)
    step_of = {
        unique_id: step
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in _BUILT
        for tag, step in DBT_STEPS.items()
        if tag in node["tags"]
    }
    parts: dict[Step, set[str]] = {step: set() for step in DBT_STEPS.values()}
    for unique_id, step in step_of.items():
        parts[step].add(unique_id)
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "test" and (severity := node["config"].get("severity", "error")):
            steps = [step_of[parent] for parent in node["depends_on"]["nodes"] if parent in step_of]
            if steps and severity.lower() == "error":
                parts[max(steps, key=order.index)].add(unique_id)
    return {step: frozenset(names) for step, names in parts.items()}


def gate_name(suite: Suite) -> str:
    """The name of a gate's check of one dataset. It changes with the suite and with its limits in loyalty.yml."""
    in_force = [(one.name, one.severity, sorted(one.limits.items())) for one in suite.expectations]
    return f"gate {suite.dataset} {_hash(suite.path.read_bytes() + repr(in_force).encode())}"


def quarantine_name(limits: QuarantineSettings) -> str:
    """The name of the check of the quarantine. It changes with the limits."""
    return f"quarantine limits {_hash(limits.model_dump_json().encode())}"


def total_name(total: Total) -> str:
    """The name of the check of one total."""
    return f"total {total.name}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]
