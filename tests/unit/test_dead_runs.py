"""A run whose process is gone does not hold Dagster's queue: it is marked as failed, and a notification is sent."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration.dead_runs import end_dead_runs, process_tag
from pipelines.orchestration.sensors import end_dead, notify_if_lost
from pipelines.runs.liveness import is_alive, mark_alive
from pipelines.runs.lock import hold_lock
from tests.unit.test_notifications import settings_for
from tests.webhook_server import receiving

RUN = """
import sys
from pathlib import Path
from pipelines.orchestration.dead_runs import process_tag
from pipelines.runs.lock import hold_lock

home = Path(sys.argv[1])
print(process_tag(home / "state" / "alive")["loyalty/process"], flush=True)
with hold_lock(home / "lock", "r1"):
    sys.stdin.read()
"""


@dg.op
def nothing() -> None: ...


@dg.job
def some_job() -> None:
    nothing()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def alive(tmp_path: Path) -> Path:
    return tmp_path / "state" / "alive"


def going_on(
    instance: dg.DagsterInstance,
    tags: dict[str, str],
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
) -> dg.DagsterRun:
    """A run that Dagster takes for running."""
    return instance.create_run_for_job(some_job, status=status, tags=tags)


class Process:
    """A process that marks itself as alive, and then waits for the home's lock and holds it."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-c", RUN, str(home)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.tag = {"loyalty/process": self._process.stdout.readline().strip()}

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def gone(home: Path) -> dict[str, str]:
    """The tag of a process that has ended."""
    process = Process(home)
    process.kill()
    return process.tag


def test_a_run_whose_process_is_gone_is_marked_as_failed(
    instance: dg.DagsterInstance, alive: Path, tmp_path: Path
) -> None:
    dead = going_on(instance, gone(tmp_path))
    assert [run.run_id for run in end_dead_runs(instance, alive)] == [dead.run_id]
    found = instance.get_run_by_id(dead.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert end_dead_runs(instance, alive) == []


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
def test_a_container_that_was_restarted_under_another_name_leaves_no_run_that_goes_on(
    instance: dg.DagsterInstance, alive: Path, tmp_path: Path, status: dg.DagsterRunStatus
) -> None:
    tag = gone(tmp_path)["loyalty/process"]
    # its number is that of a living program of ours here
    elsewhere = f"another-host:1/{tag.partition('/')[2]}"
    dead = going_on(instance, {"loyalty/process": elsewhere}, status)
    assert [run.run_id for run in end_dead_runs(instance, alive)] == [dead.run_id]


def test_a_run_that_waits_for_the_lock_of_another_lives(
    instance: dg.DagsterInstance, alive: Path, tmp_path: Path
) -> None:
    with hold_lock(tmp_path / "lock", "other"):
        waiting = Process(tmp_path)
        try:
            mark = waiting.tag["loyalty/process"].partition("/")[2]
            run = going_on(instance, {"loyalty/process": f"another-host:4711/{mark}"})
            assert end_dead_runs(instance, alive, datetime.now(UTC) + timedelta(days=9)) == []
        finally:
            waiting.kill()
        assert [dead.run_id for dead in end_dead_runs(instance, alive)] == [run.run_id]


def test_a_run_of_this_process_lives_also_after_its_end_until_the_process_ends(
    instance: dg.DagsterInstance, alive: Path
) -> None:
    # Dagster notes the success of a run after the run has let go of everything
    assert process_tag(alive) == process_tag(alive)
    going_on(instance, process_tag(alive))
    assert end_dead_runs(instance, alive) == []


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_run_that_has_only_just_begun_is_left_alone_and_one_that_never_came_to_say_who_it_is_is_not(
    instance: dg.DagsterInstance, alive: Path, status: dg.DagsterRunStatus
) -> None:
    begun = going_on(instance, {}, status)
    assert end_dead_runs(instance, alive, datetime.now(UTC) + timedelta(minutes=20)) == []
    dead = end_dead_runs(instance, alive, datetime.now(UTC) + timedelta(minutes=40))
    assert [run.run_id for run in dead] == [begun.run_id]


def test_what_has_not_started_is_left_alone(instance: dg.DagsterInstance, alive: Path) -> None:
    going_on(instance, {}, dg.DagsterRunStatus.NOT_STARTED)
    assert end_dead_runs(instance, alive, datetime.now(UTC) + timedelta(days=9)) == []


def test_marks_of_ended_processes_are_removed_and_those_of_living_ones_stay(alive: Path, tmp_path: Path) -> None:
    living = Process(tmp_path)
    try:
        marks = [tag["loyalty/process"].partition("/")[2] for tag in (gone(tmp_path), living.tag)]
        own = mark_alive(alive)
        assert {path.name for path in alive.iterdir()} == {marks[1], own}
        assert [is_alive(alive, mark) for mark in (*marks, own)] == [False, True, True]
    finally:
        living.kill()


@pytest.mark.parametrize("mark", ["", "..", "../../lock", "f" * 32])
def test_what_is_no_mark_is_not_alive(alive: Path, mark: str) -> None:
    assert not is_alive(alive, mark)


def test_a_dead_run_is_reported_once(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiving() as receiver:
        settings = settings_for(tmp_path, receiver.url)
        dead = going_on(instance, {**gone(tmp_path), "loyalty/command_line": "true", "loyalty/run": "r1"})
        with dg.build_sensor_context(instance=instance) as context:
            assert dead.run_id in (end_dead(context, settings).skip_message or "")
            assert end_dead(context, settings).skip_message == "no run is dead"
        notify_if_lost(dead, settings)
        assert [body["run_id"] for body in receiver.bodies] == ["r1"]


def test_a_failed_run_that_could_not_report_is_reported_unless_the_command_line_does_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with receiving() as receiver:
        settings = settings_for(tmp_path, receiver.url)
        notify_if_lost(going_on(instance, {"loyalty/command_line": "true"}), settings)
        assert receiver.bodies == []
        lost = going_on(instance, {})
        notify_if_lost(lost, settings)
        notify_if_lost(lost, settings)
        assert [(body["run_id"], body["exit_code"]) for body in receiver.bodies] == [(lost.run_id, 70)]
