"""A run that fails is recorded as failed wherever it fails: before its first stage, in one, between two, or in Dagster.

What nobody foresaw is put in the way of a real run in this process, which has a copy of a home that was run before.
"""

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import Settings, load_settings
from pipelines.orchestration import execute
from pipelines.orchestration.resources import run_resource
from pipelines.runs import scope as run_scope
from pipelines.runs.recorder import read_report
from pipelines.runs.scope import RunScope
from tests.conftest import SampleHome
from tests.sample_shop import Shop, files_by_day, stop_in

SECRET = "jane@example.com"


@pytest.fixture
def settings(sample_home: SampleHome, tmp_path: Path) -> Settings:
    """A copy of what a run needs to begin: its state and its record, which says that the last run was published."""
    ignored = shutil.ignore_patterns("dagster", "logs", "tmp")
    shutil.copytree(sample_home.home / "state", tmp_path / "home" / "state", ignore=ignored)
    found = load_settings(sample_home.config, tmp_path / "home")
    report = read_report(found.paths.last_run)
    assert report is not None
    assert report.status == "published"
    return found


def invoke(settings: Settings, *command: str) -> Result:
    return CliRunner().invoke(app, [*command, "--config", str(settings.config_path), "--home", str(settings.home)])


def refuse(*_: object, **__: object) -> Any:
    raise ValueError(f"{SECRET}\nis no number")


def no_ingest(definitions: object, job: str, *_: object, **__: object) -> None:
    assert job == "ingest"


def before_any_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_scope, "prune_logs", refuse)


def in_the_first_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "build_defs", refuse)


def in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.orchestration.landing_assets.land", refuse)


def in_dagster_before_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dg.JobDefinition, "execute_in_process", refuse)


def in_dagster_beside_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.orchestration.landing_assets.step", refuse)


def between_two_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_execute", no_ingest)
    monkeypatch.setattr(execute, "resolve_as_of", refuse)


MOMENTS = [
    before_any_stage,
    in_the_first_stage,
    in_a_step,
    in_dagster_before_a_step,
    in_dagster_beside_the_steps,
    between_two_jobs,
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_error_that_nobody_foresaw_is_short_on_the_screen_and_whole_in_the_log_of_a_failed_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, moment: Callable[[pytest.MonkeyPatch], None]
) -> None:
    moment(monkeypatch)
    done = invoke(settings, "run")
    assert done.exit_code == 70, (done.output, done.exception)
    assert "Traceback" not in done.output
    assert len(done.stderr.strip().splitlines()) < 12
    found = re.search(r"The full traceback is in (\S+):", done.stderr)
    assert found, done.stderr
    log = Path(found[1])
    assert log.parent == settings.paths.logs
    assert "Traceback" in log.read_text() and f"{SECRET}\nis no number" in log.read_text()
    report = read_report(settings.paths.last_run)
    assert report is not None
    assert (report.status, report.run_id) == ("failed", log.stem)
    assert SECRET not in settings.paths.last_run.read_text()
    monkeypatch.undo()
    shown = invoke(settings, "status")
    assert f"last run {log.stem}: failed" in shown.stdout


def test_an_interrupt_between_two_jobs_is_recorded_as_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "_execute", no_ingest)
    monkeypatch.setattr(execute, "resolve_as_of", interrupt)
    assert invoke(settings, "run").exit_code == 130
    report = read_report(settings.paths.last_run)
    assert report is not None
    assert (report.status, report.error) == ("failed", "interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_of_a_run_is_named_and_nothing_is_published(
    sample_home: SampleHome, tmp_path: Path, number: signal.Signals
) -> None:
    shop = Shop(sample_home, tmp_path / "shop")
    shop.receive(file for files in files_by_day(sample_home) for file in files)
    done = stop_in(shop, "land", number, after=0.3)
    said = json.loads(done.stdout)
    assert done.returncode == said["exit_code"] == 128 + number, done.stderr
    assert number.name in said["error"] and "there is no published version yet" in said["error"]
    assert "call the same command again" in said["hint"]
    assert "bug" not in done.stderr and "Traceback" not in done.stderr
    report = read_report(shop.home / "state" / "last_run.json")
    assert report is not None
    assert (report.status, [stage.status for stage in report.stages]) == ("failed", ["done", "failed"])


def test_a_backfill_that_meets_one_says_what_became_of_each_day(
    settings: Settings, sample_home: SampleHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = json.loads(sample_home.output)["as_of"]
    shutil.copy2(sample_home.home / "key", settings.home / "key")
    monkeypatch.setattr(dg.JobDefinition, "execute_in_process", refuse)
    done = invoke(settings, "backfill", "--from", day, "--to", day, "--json")
    assert done.exit_code == 70, done.output
    (found,) = json.loads(done.stdout)["days"]
    assert (found["status"], found["exit_code"]) == ("failed", 70)
    assert "Traceback" not in done.output


@pytest.mark.parametrize("day", ["1850-01-01", "0001-01-01"])
def test_a_day_that_lies_outside_every_calendar_is_refused_in_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    ingest = execute._execute

    def only_daily(definitions: Any, job: str, *more: Any, **named: Any) -> None:
        if job != "ingest":
            ingest(definitions, job, *more, **named)

    monkeypatch.setattr(execute, "_execute", only_daily)
    done = invoke(settings, "run", "--as-of", day)
    assert done.exit_code == 2, done.output
    assert f"{day} cannot be built" in done.stderr


@pytest.mark.parametrize("content", [b"no database", b""])
def test_a_broken_warehouse_is_named_with_what_to_do(settings: Settings, content: bytes) -> None:
    settings.paths.warehouse.write_bytes(content)
    done = invoke(settings, "run")
    assert done.exit_code == 5, done.output
    assert f"the warehouse {settings.paths.warehouse} cannot be read" in done.stderr
    assert ".broken" in done.stderr
    report = read_report(settings.paths.last_run)
    assert report is not None
    assert report.status == "failed"


def test_a_home_whose_warehouse_was_taken_away_builds_from_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "build_defs", refuse)
    assert settings.paths.build_state.exists()
    settings.paths.warehouse.unlink()
    assert invoke(settings, "run").exit_code == 70
    assert not settings.paths.build_state.exists()


def test_a_broken_history_of_dagster_is_named_with_what_to_do(settings: Settings) -> None:
    history = settings.paths.dagster / "history"
    history.mkdir(parents=True)
    (history / "runs.db").write_bytes(b"no database" * 99)
    done = invoke(settings, "run")
    assert done.exit_code == 5, done.output
    assert f"Dagster's history in {settings.paths.dagster} cannot be used" in done.stderr


def test_a_run_of_dagster_that_fails_in_a_step_without_a_record_is_recorded_as_failed(settings: Settings) -> None:
    @dg.asset
    def unrecorded(run: dg.ResourceParam[RunScope]) -> None:
        refuse()

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [unrecorded], resources={"run": run_resource(settings)}, instance=instance, raise_on_error=False
        )
    assert not result.success
    report = read_report(settings.paths.last_run)
    assert report is not None
    assert (report.run_id, report.status, report.error) == (result.run_id, "failed", "failed in Dagster: unrecorded")


def test_an_ingest_by_itself_ends_without_a_publication(settings: Settings) -> None:
    @dg.asset
    def landed(run: dg.ResourceParam[RunScope]) -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([landed], resources={"run": run_resource(settings)}, instance=instance).success
    report = read_report(settings.paths.last_run)
    assert report is not None
    assert report.status == "ended"
