"""What Dagster knows, held by a snapshot: an asset, job, check or trigger that comes or goes is seen in review.

After a change that is meant: `pytest tests/pipeline/test_definitions.py --update-snapshots`.
"""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan

from pipelines.base.entities import ENTITIES
from pipelines.config.settings import load_settings, project_root
from pipelines.orchestration.build_defs import build_defs
from tests.conftest import SampleHome, clean_environment

JOBS = ("ingest", "daily", "full_refresh", "backfill")
SNAPSHOT = Path(__file__).with_name("definitions.json")


@pytest.fixture(scope="module")
def definitions(sample_home: SampleHome) -> dg.Definitions:
    return build_defs(load_settings(sample_home.config, sample_home.home))


def described(definitions: dg.Definitions) -> dict[str, object]:
    """Names and what stands behind them, in one order."""
    graph = definitions.resolve_asset_graph()
    jobs = {name: definitions.resolve_job_def(name) for name in ("ingest", "daily")}
    return {
        "assets": {
            node.key.to_user_string(): {
                "group": node.group_name,
                "partitioned": node.is_partitioned,
                "after": sorted(key.to_user_string() for key in node.parent_keys),
            }
            for node in sorted(graph.asset_nodes, key=lambda node: node.key.to_user_string())
        },
        "checks": sorted(
            f"{key.asset_key.to_user_string()}:{key.name}" + (" (blocking)" if graph.get(key).blocking else "")
            for key in graph.asset_check_keys
        ),
        "jobs": {
            name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for name, job in jobs.items()
        },
        "schedules": {
            schedule.name: [schedule.job_name, schedule.cron_schedule, schedule.execution_timezone]
            for schedule in definitions.schedules or ()
            if isinstance(schedule, dg.ScheduleDefinition)
        },
        "sensors": {sensor.name: sensor.default_status.value for sensor in definitions.sensors or ()},
    }


def test_the_graph_is_the_one_that_was_reviewed(definitions: dg.Definitions, request: pytest.FixtureRequest) -> None:
    found = described(definitions)
    if request.config.getoption("--update-snapshots"):
        SNAPSHOT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(SNAPSHOT.read_text(encoding="utf-8")), "if it is meant: pytest with --update-snapshots"


def test_a_full_refresh_is_both_jobs_and_a_backfill_the_daily_one_built_another_way(
    definitions: dg.Definitions,
) -> None:
    jobs = {name: definitions.resolve_job_def(name) for name in JOBS}
    assets = {name: set(job.asset_layer.executable_asset_keys) for name, job in jobs.items()}
    steps = {name: {node.name for node in job.nodes} for name, job in jobs.items()}  # the gates among them
    for of in (assets, steps):
        assert of["full_refresh"] == of["ingest"] | of["daily"]
        assert of["backfill"] == of["daily"]
    assert {name: {tag for tag in job.tags if tag.startswith("loyalty/")} for name, job in jobs.items()} == {
        "ingest": set(),
        "daily": set(),
        "full_refresh": {"loyalty/full_refresh"},
        "backfill": {"loyalty/backfill"},
    }


def test_every_step_takes_the_lock(definitions: dg.Definitions) -> None:
    for name in JOBS:
        job = definitions.resolve_job_def(name)
        assert all("run" in node.definition.required_resource_keys for node in job.nodes), name


def test_every_path_from_a_landed_entity_to_publication_goes_through_every_gate(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    gates = {key.asset_key for key in graph.asset_check_keys if key.name == "gate"}
    assert {key.path[0] for key in gates} == {"landing", "staging", "marts"}
    published = dg.AssetKey(["published", "version"])
    ancestors = graph.get_ancestor_asset_keys(published)
    assert gates <= ancestors
    assert {dg.AssetKey(["landing", name]) for name in ENTITIES} <= ancestors


def test_no_stage_is_divided_and_publication_comes_after_the_gates_and_totals(definitions: dg.Definitions) -> None:
    steps = {name: create_execution_plan(definitions.resolve_job_def(name)).get_executable_step_deps() for name in JOBS}
    exchanged = ("order_statuses", "channels", "identifiers", "pseudonyms", "accounts", "settings")
    plans = {"plan", *(f"exchange__{name}" for name in exchanged)}
    daily = {
        *plans,
        "dbt_links",
        "identity",
        "dbt_core",
        "value",
        "dbt_marts",
        "gate_marts",
        "totals",
        "published__version",
    }
    assert steps["daily"].keys() == daily | {"published__version_fresh"}
    assert steps["backfill"].keys() == steps["daily"].keys()
    assert steps["full_refresh"].keys() == steps["ingest"].keys() | steps["daily"].keys()
    for name in ("daily", "backfill", "full_refresh"):
        assert steps[name]["dbt_core"] >= plans - {"plan", "exchange__settings"} | {"identity"}
        assert steps[name]["identity"] == {"dbt_links"}
        assert all("plan" in steps[name][one] for one in plans - {"plan"})
        assert "exchange__settings" in steps[name]["dbt_marts"]
        assert steps[name]["published__version"] >= {"gate_marts", "totals"}
    assert steps["full_refresh"]["dbt_core"] >= {"gate_staging"}


def test_nothing_is_published_past_the_limits_of_the_quarantine(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    (limits,) = (key for key in graph.asset_check_keys if key.name == "quarantine_limits")
    assert graph.get(limits).blocking
    assert limits.asset_key in graph.get_ancestor_asset_keys(dg.AssetKey(["published", "version"]))


def test_jobs_run_in_one_process_and_days_are_backfilled_one_by_one(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for name in JOBS:
        assert definitions.resolve_job_def(name).executor_def.name == "in_process"
    for node in graph.asset_nodes:
        if node.is_partitioned:
            assert node.backfill_policy == dg.BackfillPolicy.multi_run(1), node.key


def test_a_resource_can_be_taken_from_elsewhere(sample_home: SampleHome) -> None:
    settings = load_settings(sample_home.config, sample_home.home)
    given = object()
    assert build_defs(settings, resource_overrides={"run": given}).resources["run"] is given


def test_dagster_loads_the_workspace(sample_home: SampleHome) -> None:
    dagster = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [str(dagster), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=project_root(),
        env=clean_environment(LOYALTY_CONFIG=str(sample_home.config), LOYALTY_HOME=str(sample_home.home)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_asset_has_a_description_an_owner_a_kind_and_a_group_of_its_layer(definitions: dg.Definitions) -> None:
    layers = {"landing", "staging", "exchange", "intermediate", "marts", "publication"}
    for node in definitions.resolve_asset_graph().asset_nodes:
        spec = node.to_asset_spec()
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.tags.get("loyalty/layer") in layers, spec.key
        # published marts are in other groups than what leads to them
        assert (spec.group_name or "").partition("_")[0] in layers, spec.key
        assert (spec.key.path[0] == "marts") == (spec.group_name or "").startswith("marts_"), spec.key


def test_groups_and_owners_are_those_of_dbt(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    found = {
        name: (spec.group_name, tuple(spec.owners), spec.tags["loyalty/domain"])
        for name in ("marts/customer_loyalty", "marts/fct_order", "intermediate/int_order", "staging/stg_orders")
        for spec in [graph.get(dg.AssetKey(name.split("/"))).to_asset_spec()]
    }
    assert found == {
        "marts/customer_loyalty": ("marts_loyalty", ("team:analysts-of-loyalty",), "loyalty"),
        "marts/fct_order": ("marts_orders", ("team:data-engineers",), "orders"),
        "intermediate/int_order": ("intermediate_orders", ("team:data-engineers",), "orders"),
        "staging/stg_orders": ("staging", ("team:data-engineers",), "staging"),
    }


def test_every_column_of_a_published_mart_has_its_type_and_description(definitions: dg.Definitions) -> None:
    marts = [
        node.to_asset_spec() for node in definitions.resolve_asset_graph().asset_nodes if node.key.path[0] == "marts"
    ]
    assert len(marts) > 50
    for spec in marts:
        columns = spec.metadata["dagster/column_schema"].columns
        assert columns, spec.key
        assert all(column.type != "?" and column.description for column in columns), spec.key
        assert Path(spec.metadata["docs"].value).is_file()
