"""docs/quality.md, by what a run executed: every dbt test, suite, expectation and total that is declared was evaluated.

Read from Dagster's event log of the sample's run; what is declared is read from dbt's manifest and from expectations/.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from pipelines.config.settings import project_root
from pipelines.orchestration.gates import CHECK_NAME
from pipelines.orchestration.instance import open_instance
from pipelines.quality import load_suites, load_totals
from pipelines.runs.dbt_rules import Rule, rules_of
from tests.conftest import SampleHome

EXPECTATIONS = project_root() / "expectations"
STAGES = ("landing", "staging", "marts")
EVENTS = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ASSET_OBSERVATION}

# What a rule of a column says, as Great Expectations would.
SAME = {
    "not_null": "expect_column_values_to_not_be_null",
    "unique": "expect_column_values_to_be_unique",
    "accepted_values": "expect_column_values_to_be_in_set",
    "within_bounds": "expect_column_values_to_be_between",
}
COMPOUND = "expect_compound_columns_to_be_unique"


@dataclass(frozen=True)
class Ran:
    """What the run evaluated.

    Attributes:
        dbt_tests: dbt's tests by unique id and rule (empty for a test without rules), with their status.
        checks: Other checks: metadata by (stage or folder, asset, check).
        manifest: dbt's.
    """

    dbt_tests: dict[tuple[str, str], str]
    checks: dict[tuple[str, str, str], dict[str, Any]]
    manifest: Mapping[str, Any]

    def rules(self, model: str) -> list[Rule]:
        """The rules of a model that the run checked."""
        tests = {name: self.manifest["nodes"][name] for name, _ in self.dbt_tests}
        return [
            rule
            for name, node in tests.items()
            if node.get("attached_node") == model
            for rule in rules_of(node)
            if (name, rule.name) in self.dbt_tests
        ]


@pytest.fixture(scope="module")
def ran(sample_home: SampleHome) -> Ran:
    """What Dagster's log says of the sample's run."""
    dbt_tests, checks = dict[tuple[str, str], str](), dict[tuple[str, str, str], dict[str, Any]]()
    with open_instance(sample_home.home / "state" / "dagster") as instance:
        records = [record for run in instance.get_runs() for record in instance.all_logs(run.run_id, of_type=EVENTS)]
    for record in records:
        event = record.dagster_event
        assert event is not None
        data: Any = event.event_specific_data
        # a dbt test of several models is an observation of each
        about = data if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION else data.asset_observation
        values = {name: value.value for name, value in about.metadata.items()}
        if "dagster/column_schema" in values:
            continue  # rows and columns of a table
        if "unique_id" in values:
            dbt_tests[values["unique_id"], values.get("rule", "")] = values["status"]
        else:
            folder, asset = about.asset_key.path
            checks[folder, asset, about.check_name] = values
    manifest = json.loads((sample_home.home / "state" / "target" / "definitions" / "manifest.json").read_text())
    return Ran(dbt_tests, checks, manifest)


def test_a_run_checks_every_rule_and_every_data_test_that_is_declared(ran: Ran) -> None:
    tests = {name: node for name, node in ran.manifest["nodes"].items() if node["resource_type"] == "test"}
    declared = [
        (name, rule) for name, node in tests.items() for rule in ([rule.name for rule in rules_of(node)] or [""])
    ]
    assert len(declared) > 300
    assert ran.dbt_tests == dict.fromkeys(declared, "pass")


def test_a_run_asks_every_expectation_of_every_suite(ran: Ran) -> None:
    asked = {key[:2]: values for key, values in ran.checks.items() if key[2] == CHECK_NAME}
    declared = {(stage, suite.dataset): suite for stage in STAGES for suite in load_suites(EXPECTATIONS, stage)}
    assert asked.keys() == declared.keys()
    assert {key[0] for key in asked} == set(STAGES)
    for key, suite in declared.items():
        assert asked[key]["expectations"] == len(suite.expectations), key
        # the first run has no version published before; nothing else is a reason not to ask
        skipped = [line.split(": ")[1] for line in asked[key]["skipped"].splitlines()]
        assert skipped == [expectation.name for expectation in suite.expectations if expectation.previous], key


def test_every_file_of_expectations_is_one_that_the_run_read(ran: Ran) -> None:
    read = {f"{key[0]}/{key[1]}.yml" for key in ran.checks if key[2] == CHECK_NAME}
    read |= {f"totals/{key[2].removeprefix('total_')}.yml" for key in ran.checks if key[2].startswith("total_")}
    assert {path.relative_to(EXPECTATIONS).as_posix() for path in EXPECTATIONS.rglob("*") if path.is_file()} == read


def test_a_run_checks_every_total_on_at_least_one_part(ran: Ran) -> None:
    found = {(key[1], key[2]): values["parts"] for key, values in ran.checks.items() if key[2].startswith("total_")}
    assert found.keys() == {(total.asset, f"total_{total.name}") for total in load_totals(EXPECTATIONS)}
    assert all(found.values())


def test_a_run_tests_every_published_mart_for_its_key_and_for_nothing_of_it_twice(
    ran: Ran, sample_home: SampleHome
) -> None:
    published = json.loads((sample_home.published / "current" / "manifest.json").read_text())["tables"]
    assert len(published) > 10
    for table in published:
        model = f"model.loyalty.{table['name']}"
        key = ran.manifest["nodes"][model]["config"]["meta"]["key"]
        (grain,) = [rule for rule in ran.rules(model) if rule.kind == "grain"]
        assert set(grain.columns) <= set(key), model


def test_no_column_of_a_key_is_tested_again(ran: Ran) -> None:
    for model in ran.manifest["nodes"]:
        rules = ran.rules(model)
        columns = {(rule.columns, rule.kind) for rule in rules}
        for grain in (rule for rule in rules if rule.kind == "grain"):
            again = {((column,), "not_null") for column in set(grain.columns) - set(grain.optional)}
            again |= {((column,), "unique") for column in grain.columns if len(grain.columns) == 1}
            assert not columns & again, model


def test_no_suite_repeats_a_dbt_test_of_the_same_column(ran: Ran) -> None:
    compared = 0
    for stage in ("staging", "marts"):
        for suite in load_suites(EXPECTATIONS, stage):
            rules = ran.rules(f"model.loyalty.{suite.dataset}")
            found = {(SAME[rule.kind], *rule.columns) for rule in rules if rule.kind in SAME}
            for grain in (rule for rule in rules if rule.kind == "grain"):
                unique = SAME["unique"] if len(grain.columns) == 1 else COMPOUND
                found.add((unique, ", ".join(grain.columns)))
                found |= {(SAME["not_null"], column) for column in grain.columns if column not in grain.optional}
            assert not {(expectation.kind, expectation.column) for expectation in suite.expectations} & found
            compared += len(found)
    assert compared > 20
