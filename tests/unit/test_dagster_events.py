"""What Dagster keeps of a run: the same with our event log and our check events as with its own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation

from pipelines.orchestration.check_events import CheckEvents
from pipelines.orchestration.event_log import KeptOpenSqliteEventLog
from pipelines.orchestration.instance import open_instance

TABLES = ("orders", "customers")
CHECKS = ("grain", "not_null", "in_list")
DAYS = dg.DailyPartitionsDefinition("2025-01-01")
Convert = Callable[[dg.AssetExecutionContext], Callable[[dg.AssetCheckResult], Iterator[Any]]]


def as_dagster(_context: dg.AssetExecutionContext) -> Callable[[dg.AssetCheckResult], Iterator[Any]]:
    return lambda result: iter([result])


def with_check_events(context: dg.AssetExecutionContext) -> Callable[[dg.AssetCheckResult], Iterator[Any]]:
    return CheckEvents(context).of


def job(convert: Convert, partitions: dg.PartitionsDefinition[str] | None) -> dg.JobDefinition:
    """Two tables with three checks each; the last check of each fails, as a warning. The first of them is blocking."""
    specs = [dg.AssetCheckSpec(check, asset=table, blocking=check == "grain") for table in TABLES for check in CHECKS]

    @dg.multi_asset(specs=[dg.AssetSpec(table) for table in TABLES], check_specs=specs, partitions_def=partitions)
    def built(context: dg.AssetExecutionContext) -> Iterator[Any]:
        of = convert(context)
        for table in TABLES:
            yield dg.MaterializeResult(asset_key=table, metadata={"rows": 3})
        for spec in specs:
            yield from of(
                dg.AssetCheckResult(
                    asset_key=spec.asset_key,
                    check_name=spec.name,
                    passed=spec.name != "in_list",
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"{spec.name} of a table",
                    metadata={"n_rows": 7, "as_of": "2025-06-30"},
                )
            )

    @dg.asset(deps=["orders"], partitions_def=partitions)
    def after() -> None: ...

    return dg.Definitions(
        assets=[built, after], jobs=[dg.define_asset_job("built_job", selection="*", partitions_def=partitions)]
    ).resolve_job_def("built_job")


def kept(instance: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    """Everything that a reader finds of a run, without ids and times."""
    logs = instance.all_logs(run_id)
    materialized = {table: instance.get_latest_materialization_event(dg.AssetKey(table)) for table in TABLES}
    events, evaluations = [], []
    for entry in logs:
        event = entry.dagster_event
        events.append((entry.dagster_event_type, entry.step_key, event and event.asset_key))
        if event and event.event_type_value == "ASSET_CHECK_EVALUATION":
            found = event.asset_check_evaluation_data
            target, table = found.target_materialization_data, materialized[found.asset_key.to_user_string()]
            assert target is not None
            assert table is not None
            assert (target.run_id, target.timestamp) == (run_id, table.timestamp)
            named = (found.asset_key, found.check_name, found.passed, found.metadata, found.severity)
            evaluations.append((*named, found.description, found.blocking, found.partition))
    keys = [dg.AssetCheckKey(dg.AssetKey(table), check) for table in TABLES for check in CHECKS]
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {
        "events": sorted(map(str, events)),
        "evaluations": evaluations,
        "records": {str(key): (record.status, record.run_id == run_id) for key, record in records.items()},
        "assets": sorted(map(str, instance.all_asset_keys())),
    }


@pytest.mark.parametrize("partitions", [None, DAYS], ids=["whole", "days"])
def test_our_event_log_and_check_events_keep_what_dagsters_keep(
    tmp_path: Path, partitions: dg.PartitionsDefinition[str] | None
) -> None:
    found = []
    day = {"partition_key": "2025-06-30"} if partitions else {}
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as plain, open_instance(tmp_path / "ours") as ours:
        assert isinstance(ours.event_log_storage, KeptOpenSqliteEventLog)
        for instance, convert in (
            (plain, as_dagster),
            (ours, as_dagster),
            (plain, with_check_events),
            (ours, with_check_events),
        ):
            run = job(convert, partitions).execute_in_process(instance=instance, **day)
            assert run.success
            found.append(kept(instance, run.run_id))
    assert len(found[0]["evaluations"]) == 6
    assert len(found[0]["records"]) == 6
    assert found[0] == found[1] == found[2] == found[3]


def test_a_batch_that_fails_leaves_nothing_and_is_written_event_by_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = KeptOpenSqliteEventLog._store_in_index

    def fails(self: KeptOpenSqliteEventLog, index: Any, events: Any) -> None:
        store(self, index, events)
        if "PLANNED" in str(events[0][0].dagster_event_type):
            raise OSError("the disk is full")

    with open_instance(tmp_path / "ours") as ours:
        monkeypatch.setattr(KeptOpenSqliteEventLog, "_store_in_index", fails)
        run = job(with_check_events, None).execute_in_process(instance=ours)
        planned = [event for event in ours.all_logs(run.run_id) if "PLANNED" in str(event.dagster_event_type)]
    assert "the disk is full" in capsys.readouterr().err
    assert len(planned) == 9  # three tables and six checks, each once


def check_event(run_id: str, check: str) -> dg.EventLogEntry:
    """The event of a finished check of the table `orders`. No event has planned the check."""
    found = AssetCheckEvaluation(asset_key=dg.AssetKey("orders"), check_name=check, passed=True, metadata={})
    event = dg.DagsterEvent("ASSET_CHECK_EVALUATION", "built_job", event_specific_data=found)
    return dg.EventLogEntry(None, 20, "", run_id, time.time(), "built", "built_job", event)  # type: ignore[no-untyped-call]


def test_a_result_is_stored_soon_even_if_nothing_follows(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    with open_instance(folder) as ours:
        run_id = job(as_dagster, None).execute_in_process(instance=ours).run_id
        with open_instance(folder) as reader:  # like the UI: another reader of the same files
            before = len(reader.all_logs(run_id))
            ours.event_log_storage.store_event(check_event(run_id, "late"))
            assert len(reader.all_logs(run_id)) == before
            deadline = time.monotonic() + 30
            while len(reader.all_logs(run_id)) == before and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(reader.all_logs(run_id)) == before + 1


def test_results_that_wait_are_stored_before_a_read_and_before_the_end(tmp_path: Path) -> None:
    key = dg.AssetCheckKey(dg.AssetKey("orders"), "first")
    with open_instance(tmp_path / "ours") as ours:
        store = ours.event_log_storage
        run_id = job(as_dagster, None).execute_in_process(instance=ours).run_id
        store.store_event(check_event(run_id, "first"))
        found = store.get_latest_asset_check_execution_by_key([key])[key]
        assert (found.run_id, found.status.value) == (run_id, "SUCCEEDED")
        store.store_event(check_event(run_id, "first"))
        store.store_event(check_event(run_id, "last"))
    with open_instance(tmp_path / "ours") as ours:
        log = [str(event.dagster_event_type) for event in ours.all_logs(run_id)]
        assert log[-3:] == ["DagsterEventType.ASSET_CHECK_EVALUATION"] * 3
        assert len(ours.event_log_storage.get_asset_check_execution_history(key, limit=9)) == 1


def test_results_that_could_not_be_stored_wait_for_the_next_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeptOpenSqliteEventLog._store_in_index
    is_full = [True]

    def fails(self: KeptOpenSqliteEventLog, index: Any, events: Any) -> None:
        if is_full:
            raise OSError("the disk is full")
        store(self, index, events)

    with open_instance(tmp_path / "ours") as ours:
        run_id = job(as_dagster, None).execute_in_process(instance=ours).run_id
        before = len(ours.all_logs(run_id))
        monkeypatch.setattr(KeptOpenSqliteEventLog, "_store_in_index", fails)
        ours.event_log_storage.store_event(check_event(run_id, "first"))
        with pytest.raises(OSError, match="the disk is full"):
            ours.all_logs(run_id)
        is_full.clear()
        ours.event_log_storage.store_event(check_event(run_id, "second"))
        assert len(ours.all_logs(run_id)) == before + 2
