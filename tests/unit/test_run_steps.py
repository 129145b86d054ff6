"""Around a step: what has a remedy is not tried again, what may pass is, and an interrupt ends the run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.base.errors import BuildError, InputError
from pipelines.config.settings import Settings
from pipelines.orchestration.steps import step
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import hold_lock
from pipelines.runs.recorder import Recorder, read_report
from pipelines.runs.scope import RunScope


@pytest.fixture
def scope(tmp_path: Path) -> Iterator[RunScope]:
    with hold_lock(tmp_path / "lock", "r") as lock:
        yield RunScope(
            "r",
            Settings.unconfigured(),
            lock,
            Recorder(tmp_path / "last_run.json", "r"),
            DbtProcess(Settings.unconfigured(), lock),
        )


def execute(scope: RunScope, body: Callable[[int], None]) -> tuple[bool, int]:
    """Run one step whose body gets the number of the try.

    Returns:
        Whether the run succeeded, and how often the step was tried.
    """
    tries = 0

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def one(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> None:
        nonlocal tries
        tries += 1
        with step(context, run, "one") as stage:
            body(tries)
            stage.count(rows=3)

    result = dg.materialize([one], resources={"run": scope}, raise_on_error=False)
    return result.success, tries


def test_a_step_is_recorded_with_what_it_counted(scope: RunScope, tmp_path: Path) -> None:
    assert execute(scope, lambda _: None) == (True, 1)
    report = read_report(tmp_path / "last_run.json")
    assert report is not None
    assert [(stage.name, stage.status, stage.counts) for stage in report.stages] == [("one", "done", {"rows": 3})]


def test_an_error_with_a_remedy_is_not_tried_again_and_comes_back_as_it_was(scope: RunScope, tmp_path: Path) -> None:
    problem = InputError("a.csv is no file of ours", hint="take it out")

    def body(_: int) -> None:
        raise problem

    assert execute(scope, body) == (False, 1)
    assert scope.recorder.failure is problem
    report = read_report(tmp_path / "last_run.json")
    assert report is not None
    assert (report.status, report.error, report.hint) == ("failed", problem.message, problem.hint)


def test_what_may_pass_is_tried_again_and_forgotten(scope: RunScope) -> None:
    def body(attempt: int) -> None:
        if attempt == 1:
            raise OSError("the disk is gone for a moment")

    assert execute(scope, body) == (True, 2)
    assert scope.recorder.failure is None
    assert scope.recorder.report.error == ""


def test_an_interrupt_is_not_tried_again(scope: RunScope) -> None:
    def body(_: int) -> None:
        raise KeyboardInterrupt

    assert execute(scope, body) == (False, 1)
    assert isinstance(scope.recorder.failure, KeyboardInterrupt)


def test_an_unexpected_errors_words_are_kept_out_of_the_record(scope: RunScope, tmp_path: Path) -> None:
    def body(_: int) -> None:
        raise ValueError("could not parse 'jane@example.com'")

    assert execute(scope, body)[0] is False
    assert "jane" not in (tmp_path / "last_run.json").read_text()


def test_a_report_that_cannot_be_written_does_not_stand_in_front_of_why_a_stage_ended(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    recorder = Recorder(folder / "last_run.json", "r")
    with pytest.raises(BuildError, match="no room"), recorder.stage("land"):
        shutil.rmtree(folder)
        folder.write_text("no folder any more")
        raise BuildError("no room")
    assert recorder.report.error == "no room"
