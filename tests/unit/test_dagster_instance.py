"""Dagster's own folder lies where it is told to and is set up as we say, whatever its path looks like."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.orchestration.instance import dagster_home, open_instance, prepare_instance

NAMES = ["plain", "a[b]c", "a*", "a]{b,c}", "50%20 off", "a % b", "#1", 'it\'s "a"; b', "$HOME", "a?b"]


@dg.job
def one_step() -> None:
    dg.op(name="nothing")(lambda: None)()


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Homes that the names above would match if they were patterns."""
    for name in ("abc", "axx", "a b", "50 off"):
        prepare_instance(tmp_path / name / "dagster").write_text("telemetry: {enabled: true}\n")
    return tmp_path


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*.db") if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_runs_are_kept_below_the_folder_and_nowhere_else(beside: Path, name: str) -> None:
    folder = beside / name / "dagster"
    with open_instance(folder) as instance:
        assert not instance.telemetry_enabled
        assert instance.global_op_concurrency_default_limit is None
        run = one_step.execute_in_process(instance=instance)
        assert run.success
    assert files(folder) == files(beside)
    assert {path.name for path in files(folder)} == {"runs.db", "index.db", "schedules.db", f"{run.run_id}.db"}
    with open_instance(folder) as again:
        assert [found.run_id for found in again.get_runs()] == [run.run_id]
        assert again.all_logs(run.run_id)
        assert isinstance(again.event_log_storage, SqliteEventLogStorage)
        assert again.event_log_storage.get_all_run_ids() == [run.run_id]
        again.delete_run(run.run_id)
    assert f"{run.run_id}.db" not in {path.name for path in files(folder)}


@pytest.mark.parametrize("name", NAMES)
def test_dagsters_own_processes_find_the_same_runs(beside: Path, name: str) -> None:
    folder = beside / name / "dagster"
    with open_instance(folder) as instance:
        run = one_step.execute_in_process(instance=instance)
    # as DagsterInstance.get() reads the folder that DAGSTER_HOME names
    with dg.DagsterInstance.from_config(str(dagster_home(folder))) as instance:
        assert [found.run_id for found in instance.get_runs()] == [run.run_id]
        assert not instance.telemetry_enabled


def test_a_dagster_yaml_of_the_users_own_stays_and_holds(tmp_path: Path) -> None:
    config = prepare_instance(tmp_path / "a[b]c")
    own = config.read_text().partition("\n")[2].replace("enabled: false", "enabled: true")
    config.write_text(own)
    with open_instance(config.parent) as instance:
        assert instance.telemetry_enabled
    assert config.read_text() == own
    assert (dagster_home(config.parent) / "dagster.yaml").read_text() == own
