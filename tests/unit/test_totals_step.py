"""Totals across stages in Dagster: blocking, shown one by one, with the message and the exit code of a gate."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.config.settings import Settings, project_root
from pipelines.orchestration.totals import total_checks
from pipelines.quality import load_totals
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import hold_lock
from pipelines.runs.plan import BuildKind, BuildPlan
from pipelines.runs.plan_file import write_plan
from pipelines.runs.recorder import Recorder
from pipelines.runs.scope import RunScope
from tests.unit.totals_day import DAY, GOOD_DAY

DECLARED = load_totals(project_root() / "expectations")
CHECKED = sorted({total.asset for total in DECLARED})
TOTALS = [total.name for total in DECLARED]


def trial_plan() -> BuildPlan:
    """A full build without batches."""
    return BuildPlan(
        kind=BuildKind.FULL,
        as_of=DAY,
        fingerprint="f",
        batches=(),
        changed_batches=(),
        new_batches=(),
        staged_id="s",
        reason="trial",
    )


@pytest.fixture
def scope(tmp_path: Path) -> Iterator[RunScope]:
    settings = Settings.unconfigured().model_copy(update={"home": tmp_path})
    paths = settings.paths
    paths.state.mkdir()
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute(GOOD_DAY)
    write_plan(paths, trial_plan())
    with hold_lock(tmp_path / "lock", "r") as lock:
        yield RunScope("r", settings, lock, Recorder(paths.last_run, "r"), DbtProcess(settings, lock))


def run(scope: RunScope) -> tuple[dict[str, bool], bool]:
    """Each check's outcome, and whether what comes after was built."""
    published = False

    @dg.multi_asset(specs=[dg.AssetSpec(["marts", name]) for name in CHECKED])
    def marts() -> Iterator[dg.MaterializeResult[None]]:
        for name in CHECKED:
            yield dg.MaterializeResult(asset_key=dg.AssetKey(["marts", name]))

    @dg.asset(deps=[dg.AssetKey(["marts", name]) for name in CHECKED])
    def version() -> None:
        nonlocal published
        published = True

    definitions = dg.Definitions(
        assets=[marts, version], asset_checks=[total_checks(DECLARED)], resources={"run": scope}
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(raise_on_error=False)
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}, published


def test_a_day_whose_totals_add_up_is_published(scope: RunScope) -> None:
    checks, published = run(scope)
    assert checks == {f"total_{name}": True for name in TOTALS}
    assert published
    assert scope.recorder.failure is None


def test_a_cent_too_many_stops_the_run_with_its_words(scope: RunScope) -> None:
    with duckdb.connect(str(scope.settings.paths.warehouse)) as connection:
        connection.execute("update marts.customer_clv set historic_net_amount = 17.18 where historic_net_amount > 0")
    checks, published = run(scope)
    assert checks == {f"total_{name}": name != "revenue" for name in TOTALS}
    assert not published
    failure = scope.recorder.failure
    assert getattr(failure, "exit_code", None) == 4
    assert "all customers: in_marts 17.01" in str(failure)
