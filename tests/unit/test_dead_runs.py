"""A run whose process is gone does not hold Dagster's queue: it is marked as failed, and told of."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration.dead_runs import end_dead_runs, process_tag
from pipelines.orchestration.sensors import bury, tell_if_lost
from tests.unit.test_notifications import settings_for
from tests.webhook_server import receiving


@dg.op
def nothing() -> None: ...


@dg.job
def some_job() -> None:
    nothing()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def started(instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRun:
    """A run that Dagster takes for running."""
    return instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED, tags=tags)


def gone() -> dict[str, str]:
    """The tag of a process that has ended."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return {"loyalty/process": f"{socket.gethostname()}:{ended.stdout.decode().strip()}"}


def test_a_run_whose_process_is_gone_is_marked_as_failed(instance: dg.DagsterInstance) -> None:
    dead = started(instance, gone())
    assert [run.run_id for run in end_dead_runs(instance)] == [dead.run_id]
    found = instance.get_run_by_id(dead.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert end_dead_runs(instance) == []


def test_a_run_that_lives_or_has_only_just_begun_is_left_alone(instance: dg.DagsterInstance) -> None:
    started(instance, process_tag())
    started(instance, {})
    started(instance, {"loyalty/process": f"elsewhere:{gone()['loyalty/process'].rpartition(':')[2]}"})
    assert end_dead_runs(instance) == []


def test_a_process_that_only_got_the_pid_does_not_keep_a_run_alive(instance: dg.DagsterInstance) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        started(instance, {"loyalty/process": f"{socket.gethostname()}:{other.pid}"})
        assert len(end_dead_runs(instance)) == 1
    finally:
        other.kill()
        other.wait()


def test_a_program_from_a_folder_called_python_does_not_keep_a_run_alive(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    script = tmp_path / "python" / "wait"
    script.parent.mkdir()
    script.write_text("sleep 60")
    other = subprocess.Popen(["sh", str(script)])
    try:
        started(instance, {"loyalty/process": f"{socket.gethostname()}:{other.pid}"})
        assert len(end_dead_runs(instance)) == 1
    finally:
        other.kill()
        other.wait()


def test_a_dead_run_is_told_of_once(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiving() as receiver:
        settings = settings_for(tmp_path, receiver.url)
        dead = started(instance, {**gone(), "loyalty/command_line": "true", "loyalty/run": "r1"})
        with dg.build_sensor_context(instance=instance) as context:
            assert dead.run_id in (bury(context, settings).skip_message or "")
            assert bury(context, settings).skip_message == "no run is dead"
        tell_if_lost(dead, settings)
        assert [body["run_id"] for body in receiver.bodies] == ["r1"]


def test_a_failed_run_that_could_not_tell_is_told_of_unless_the_command_line_does(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with receiving() as receiver:
        settings = settings_for(tmp_path, receiver.url)
        tell_if_lost(started(instance, {"loyalty/command_line": "true"}), settings)
        assert receiver.bodies == []
        lost = started(instance, {})
        tell_if_lost(lost, settings)
        tell_if_lost(lost, settings)
        assert [(body["run_id"], body["exit_code"]) for body in receiver.bodies] == [(lost.run_id, 1)]
