"""Each rule of dbt's test `rules` as an asset check of its own.

dagster-dbt makes one check per test. So the definitions use a manifest in which such a test is divided into one test
per rule (`divided`), and the result of a test becomes the results of its rules (`asset_events`). dbt itself runs the
unchanged project.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines.orchestration.dagster_dbt import (
    DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
    DbtCliInvocation,
    DbtDagsterEventType,
)
from pipelines.runs.dbt_results import read_results
from pipelines.runs.dbt_rules import Result, Rule, failing_rules, has_rules, rules_of

Manifest = Mapping[str, Any]


def divided(manifest: Manifest) -> dict[str, Any]:
    """The manifest with one test per rule; the original tests stay, but without tables that they read.

    The test of a rule has the fully qualified name of its original test, by which dbt selects it.
    """
    nodes, parents, children = dict(manifest["nodes"]), dict(manifest["parent_map"]), dict(manifest["child_map"])
    for unique_id, node in manifest["nodes"].items():
        if not has_rules(node):
            continue
        tables = parents[unique_id]
        nodes[unique_id] = {**node, "attached_node": None, "depends_on": {**node["depends_on"], "nodes": []}}
        parents[unique_id] = []
        for rule in rules_of(node):
            name = rule_id(unique_id, rule.name)
            nodes[name] = {**node, "unique_id": name, "name": rule.name}
            parents[name], children[name] = tables, []
        names = [rule_id(unique_id, rule.name) for rule in rules_of(node)]
        for table in tables:
            children[table] = [*(child for child in children[table] if child != unique_id), *names]
    return {**manifest, "nodes": nodes, "parent_map": parents, "child_map": children}


def rule_id(unique_id: str, rule: str) -> str:
    """The id of one rule's test in the divided manifest."""
    return f"{unique_id}.{rule}"


def asset_events(
    invocation: DbtCliInvocation, context: dg.AssetExecutionContext, manifest: Manifest
) -> Iterator[DbtDagsterEventType]:
    """The events of dbt as they happen, like `invocation.stream()`, with the results of rules.

    The failed rules of a test are known only when dbt has ended, so these results come last.

    Args:
        invocation: The invocation of dbt, with the divided manifest.
        context: The context of the step.
        manifest: The original manifest.
    """
    broken: dict[str, Result] = {}
    selected = selected_rules(context)
    for message in invocation.stream_raw_events():
        unique_id = str((message.raw_event["data"].get("node_info") or {}).get("unique_id"))
        test = manifest["nodes"].get(unique_id, {})
        if not (has_rules(test) and message.is_result_event):
            yield from message.to_default_asset_events(
                manifest=invocation.manifest,
                dagster_dbt_translator=invocation.dagster_dbt_translator,
                context=context,
                target_path=invocation.target_path,
            )
        elif (status := message.raw_event["data"]["node_info"]["node_status"]) == "pass":
            yield from rule_results(selected, manifest, {"unique_id": unique_id, "status": status})
        elif status != "skipped":
            broken[unique_id] = {"unique_id": unique_id, "status": status}
    broken |= {
        result["unique_id"]: result for result in read_results(invocation.target_path) if result["unique_id"] in broken
    }
    for result in broken.values():
        yield from rule_results(selected, manifest, result)


def selected_rules(context: dg.AssetExecutionContext) -> dict[str, dg.AssetCheckKey]:
    """The checks that are selected in the step, by the id of the test or rule."""
    return {
        str(spec.metadata.get(DAGSTER_DBT_UNIQUE_ID_METADATA_KEY)): spec.key for spec in context.assets_def.check_specs
    }


def rule_results(
    selected: Mapping[str, dg.AssetCheckKey], manifest: Manifest, result: Result
) -> Iterator[dg.AssetCheckResult]:
    """The results of those rules of a test that are selected in the step.

    Args:
        selected: As from `selected_rules`.
        manifest: The original manifest.
        result: The result of the test, as in run_results.json.
    """
    unique_id, failing = str(result["unique_id"]), failing_rules(result)
    for rule in rules_of(manifest["nodes"][unique_id]):
        if key := selected.get(rule_id(unique_id, rule.name)):
            # a test that could not be run has checked none of its rules
            passed = result["status"] == "pass" or (bool(failing) and rule.name not in failing)
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=passed,
                metadata=rule_metadata(unique_id, rule, result, passed=passed),
            )


def rule_metadata(unique_id: str, rule: Rule, result: Result, *, passed: bool) -> dict[str, Any]:
    """What Dagster shows of one rule's result: the test, the status, and the rows that break the rule if known."""
    rows = failing_rules(result).get(rule.name)
    shown: dict[str, Any] = {
        "unique_id": unique_id,
        "rule": rule.name,
        "status": "pass" if passed else str(result["status"]),
    }
    return shown if rows is None else {**shown, "dagster_dbt/failed_row_count": rows}
