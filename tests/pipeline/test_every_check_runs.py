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
from tests.conftest import SampleHome

EXPECTATIONS = project_root() / "expectations"
STAGES = ("landing", "staging", "marts")
EVENTS = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ASSET_OBSERVATION}

# What a dbt test of a column says, as Great Expectations would.
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
        dbt_tests: dbt's tests by unique id, with their status.
        checks: Other checks: metadata by (stage or folder, asset, check).
        manifest: dbt's.
    """

    dbt_tests: dict[str, str]
    checks: dict[tuple[str, str, str], dict[str, Any]]
    manifest: Mapping[str, Any]

    def generic(self, model: str) -> list[dict[str, Any]]:
        """The tests of a model that are of a kind (name, kwargs) and that the run executed."""
        nodes = (self.manifest["nodes"][name] for name in self.dbt_tests)
        return [node["test_metadata"] for node in nodes if node.get("attached_node") == model]


@pytest.fixture(scope="module")
def ran(sample_home: SampleHome) -> Ran:
    """What Dagster's log says of the sample's run."""
    dbt_tests, checks = dict[str, str](), dict[tuple[str, str, str], dict[str, Any]]()
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
            dbt_tests[values["unique_id"]] = values["status"]
        else:
            folder, asset = about.asset_key.path
            checks[folder, asset, about.check_name] = values
    manifest = json.loads((sample_home.home / "state" / "target" / "definitions" / "manifest.json").read_text())
    return Ran(dbt_tests, checks, manifest)


def data_tests(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "test"}


def test_a_run_executes_every_data_test_that_is_declared(ran: Ran) -> None:
    assert ran.dbt_tests == dict.fromkeys(data_tests(ran.manifest), "pass")


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
        (grain,) = [test["kwargs"] for test in ran.generic(model) if test["name"] == "grain"]
        assert set(grain["columns"]) <= set(key), model


def test_no_column_of_a_key_is_tested_again(ran: Ran) -> None:
    for model in ran.manifest["nodes"]:
        tests = ran.generic(model)
        columns = {(test["kwargs"].get("column_name"), test["name"]) for test in tests}
        for grain in (test["kwargs"] for test in tests if test["name"] == "grain"):
            present = set(grain["columns"]) - set(grain.get("optional", []))
            again = {(column, "not_null") for column in present}
            again |= {(column, "unique") for column in grain["columns"] if len(grain["columns"]) == 1}
            assert not columns & again, model


def test_no_suite_repeats_a_dbt_test_of_the_same_column(ran: Ran) -> None:
    compared = 0
    for stage in ("staging", "marts"):
        for suite in load_suites(EXPECTATIONS, stage):
            tests = ran.generic(f"model.loyalty.{suite.dataset}")
            found = {(SAME[test["name"]], test["kwargs"].get("column_name")) for test in tests if test["name"] in SAME}
            for grain in (test["kwargs"] for test in tests if test["name"] == "grain"):
                columns = grain["columns"]
                found.add((SAME["unique"] if len(columns) == 1 else COMPOUND, ", ".join(columns)))
                found |= {(SAME["not_null"], column) for column in columns if column not in grain.get("optional", [])}
            assert not {(expectation.kind, expectation.column) for expectation in suite.expectations} & found
            compared += len(found)
    assert compared > 20
