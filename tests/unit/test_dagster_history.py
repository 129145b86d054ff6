"""Dagster's folder: no table and no file grows for ever; runs of the command line belong to the UI's code location."""

import sqlite3
import time
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from pipelines.config.settings import project_root
from pipelines.orchestration.history import prune_history
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.names import CODE_LOCATION

KEPT = 5


@dg.job
def some_job() -> None: ...


def job(number: int) -> dg.JobDefinition:
    """A job like ours in small, and another one for each number: so does a changed project leave other snapshots."""

    @dg.asset(name=f"asset_{number % 3}", check_specs=[dg.AssetCheckSpec("check", asset=f"asset_{number % 3}")])
    def some_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        context.log.info("x" * 1000)
        result = dg.AssetCheckResult(check_name="check", passed=True)
        return dg.MaterializeResult(check_results=[result], tags={"version": str(number)})

    return dg.Definitions(
        assets=[some_asset], jobs=[dg.define_asset_job(f"job_{number}", selection=[some_asset])]
    ).resolve_job_def(f"job_{number}")


def rows(folder: Path) -> dict[str, int]:
    """Rows of every table of every database, but for those of one run alone."""
    found = {}
    for path in [*folder.glob("history/*.db"), folder / "history/runs/index.db", *folder.glob("schedules/*.db")]:
        with sqlite3.connect(path) as connection:
            names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
            for name in names:
                ((count,),) = connection.execute(f"select count(*) from {name}").fetchall()
                found[f"{path.stem}.{name}"] = count
    return found


def backfill(number: int) -> PartitionBackfill:
    return PartitionBackfill(
        backfill_id=f"backfill{number}",
        status=BulkActionStatus.COMPLETED_SUCCESS,
        from_failure=False,
        tags={"number": str(number)},
        backfill_timestamp=time.time(),
        asset_selection=[dg.AssetKey("asset_0")],
        serialized_asset_backfill_data="x" * 1000,
    )


def test_after_many_runs_no_table_and_no_file_has_grown(tmp_path: Path) -> None:
    seen, files = [], []
    with open_instance(tmp_path) as instance:
        for number in range(90):
            instance.add_backfill(backfill(number))
            done = job(number).execute_in_process(instance=instance)
            assert done.success
            prune_history(instance, kept=KEPT)
            if number in (59, 74, 89):
                seen.append(rows(tmp_path))
                names = {path.name.split(".")[0] for path in (tmp_path / "history" / "runs").iterdir()}
                files.append(len(names))
        assert len(instance.get_runs()) == KEPT
        assert instance.get_latest_materialization_event(dg.AssetKey("asset_0"))
    assert seen[0] == seen[1] == seen[2]
    assert files == [KEPT + 1] * 3
    assert seen[0]["index.asset_check_executions"] == KEPT
    assert seen[0]["index.event_logs"] < 40 * KEPT
    assert seen[0]["runs.bulk_actions"] == seen[0]["runs.backfill_tags"] == 50
    assert seen[0]["runs.snapshots"] <= 50 + 2 * KEPT


def test_a_run_that_is_kept_still_has_its_events_checks_and_snapshots(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        kept = [job(number).execute_in_process(instance=instance).run_id for number in range(60)][-KEPT:]
        assert prune_history(instance, kept=KEPT) == 60 - KEPT
        for run_id in kept:
            run = instance.get_run_by_id(run_id)
            assert run and run.job_snapshot_id and run.execution_plan_snapshot_id
            assert instance.get_job_snapshot(run.job_snapshot_id).name == run.job_name
            assert instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
            kinds = {entry.dagster_event_type for entry in instance.all_logs(run_id)}
            assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in kinds
        assert prune_history(instance, kept=KEPT) == 0


def test_what_waits_in_the_queue_stays_and_a_run_that_never_ended_goes(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        dead = instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED).run_id
        some_job.execute_in_process(instance=instance)
        waiting = instance.create_run_for_job(some_job).run_id
        queued = instance.get_run_by_id(waiting)
        assert queued
        instance.run_storage.handle_run_event(
            waiting,
            dg.DagsterEvent(event_type_value=dg.DagsterEventType.PIPELINE_ENQUEUED.value, job_name=queued.job_name),
        )
        newest = [some_job.execute_in_process(instance=instance).run_id for _ in range(2)]
        assert prune_history(instance, kept=2) == 2
        assert {run.run_id for run in instance.get_runs()} == {waiting, *newest}
        assert not instance.all_logs(dead)


def test_what_a_removal_that_was_killed_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        runs = [job(0).execute_in_process(instance=instance).run_id for _ in range(2)]
        instance.run_storage.delete_run(runs[0])  # killed here: its events are still there
        assert prune_history(instance) == 0
        index = rows(tmp_path)
        assert index["index.asset_check_executions"] == 1
        assert not (tmp_path / "history" / "runs" / f"{runs[0]}.db").exists()
        assert instance.all_logs(runs[1])


@pytest.mark.parametrize("kind", [InstigatorType.SENSOR, InstigatorType.SCHEDULE, InstigatorType.AUTO_MATERIALIZE])
def test_the_daemon_removes_old_ticks_of_every_kind(tmp_path: Path, kind: InstigatorType) -> None:
    with open_instance(tmp_path) as instance:
        kept = {status.value: days for status, days in instance.get_tick_retention_settings(kind).items()}
    assert kept == {"STARTED": 60, "SKIPPED": 1, "SUCCESS": 60, "FAILURE": 60}


def test_a_run_of_this_process_belongs_to_the_code_location_that_the_ui_loads(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        run_id = some_job.execute_in_process(instance=instance).run_id
        run = instance.get_run_by_id(run_id)
        assert run and run.remote_job_origin
        origin = run.remote_job_origin
        assert (origin.job_name, origin.repository_origin.get_label()) == (
            "some_job",
            "__repository__@pipelines.definitions",
        )
        found = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": "__repository__@pipelines.definitions"}))
        assert [one.run_id for one in found] == [run_id]
    (loaded,) = yaml.safe_load((project_root() / "workspace.yaml").read_text())["load_from"]
    assert loaded == {"python_module": CODE_LOCATION}


def test_there_is_no_dialog_about_a_newsletter_and_no_telemetry(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        assert not instance.nux_enabled
        assert not instance.telemetry_enabled
