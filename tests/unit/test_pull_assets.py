"""A pulled source in Dagster: what fails is shown and holds nothing back, unless the source is required."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines.base.errors import ConfigError, PullError
from pipelines.cli.app import app
from pipelines.config.credentials import read_credentials
from pipelines.config.pulls import PullSettings
from pipelines.config.settings import Settings, child_environment, load_settings
from pipelines.connectors import connector
from pipelines.connectors.connector import Page, PulledObject
from pipelines.connectors.pull_report import PullReport, is_stale, keep_report, last_pull
from pipelines.connectors.pulled_source import PulledSource
from pipelines.orchestration import pull_assets
from pipelines.orchestration.names import pulled_key
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import hold_lock
from pipelines.runs.recorder import Recorder
from pipelines.runs.scope import RunScope


class Server:
    """Two objects; reading one of them raises what `problems` has for it, once per entry."""

    def __init__(self) -> None:
        self.problems: dict[str, list[PullError]] = {}
        self.read: list[str] = []
        self.refuses: Exception | None = None

    def objects(self) -> list[PulledObject]:
        return [PulledObject("Contacts", "Contacts"), PulledObject("Cases", "Cases")]

    def server_time(self) -> datetime:
        if self.refuses:
            raise self.refuses
        return datetime(2024, 5, 1, tzinfo=UTC)

    def until(self, *_: object) -> str:
        return "20240501T000000Z"

    def pages(self, one: PulledObject, *_: object) -> Iterator[Page]:
        self.read.append(one.name)
        if waiting := self.problems.get(one.name):
            raise waiting.pop(0)
        yield Page([{"id": "1"}], {})

    def is_empty(self, one: PulledObject) -> bool:
        return False

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(PullSettings, "connector", "memory")
    monkeypatch.setattr(connector, "open_connector", lambda *_: found)
    monkeypatch.setattr(pull_assets, "PULL_AGAIN", dg.RetryPolicy(max_retries=2))
    return found


@pytest.fixture
def run(tmp_path: Path, server: Server) -> Callable[..., tuple[dg.ExecuteInProcessResult, RunScope, PulledSource]]:
    def ran(**settings: object) -> tuple[dg.ExecuteInProcessResult, RunScope, PulledSource]:
        source = PulledSource(
            "shop", tmp_path / "inbox", tmp_path, tmp_path / "pulls/shop", PullSettings.model_construct(**settings)
        )

        @dg.asset(deps=[pulled_key("shop")])
        def land() -> None:
            pass

        with hold_lock(tmp_path / "lock", "r") as lock:
            scope = RunScope(
                "r",
                Settings.unconfigured(),
                lock,
                Recorder(tmp_path / "last_run.json", "r"),
                DbtProcess(Settings.unconfigured(), lock),
            )
            assets = [*pull_assets.pull_assets([source]), land]
            return dg.materialize(assets, resources={"run": scope}, raise_on_error=False), scope, source

    return ran


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


Run = Callable[..., tuple[dg.ExecuteInProcessResult, RunScope, PulledSource]]


def test_a_complete_pull_is_materialized_with_its_checks(run: Run) -> None:
    result, scope, source = run()
    assert checks(result) == {"complete": True, "fresh": True}
    assert scope.recorder.report.counts("pull_shop") == {"objects": 2, "failed": 0, "records": 2, "new": 2, "files": 2}
    assert len(list(source.folder.iterdir())) == 2


def test_what_cannot_be_read_is_a_warning_and_landing_goes_on(run: Run, server: Server) -> None:
    server.problems = {"Cases": [PullError("no scope", hint="ask for it")]}
    result, scope, _ = run()
    assert result.success
    assert len(result.asset_materializations_for_node("land")) == 1
    assert checks(result) == {"complete": False, "fresh": False}
    assert scope.recorder.report.warnings == ["shop: Cases could not be pulled: no scope. ask for it"]
    assert scope.recorder.failure is None
    assert server.read == ["Contacts", "Cases"], "what no repetition changes is not tried again"


def test_a_required_source_that_cannot_be_read_stops_the_run(run: Run, server: Server) -> None:
    server.problems = {"Cases": [PullError("no scope")]}
    result, scope, _ = run(required=True)
    assert not result.success
    assert not result.asset_materializations_for_node("land")
    assert isinstance(scope.recorder.failure, PullError)
    assert scope.recorder.failure.exit_code == 11


def test_what_may_pass_is_tried_again_and_only_that(run: Run, server: Server) -> None:
    server.problems = {"Cases": [PullError("busy", is_temporary=True)] * 2}
    result, scope, _ = run()
    assert server.read == ["Contacts", "Cases", "Cases", "Cases"]
    assert scope.recorder.report.counts("pull_shop")["objects"] == 2
    assert checks(result) == {"complete": True, "fresh": True}
    assert not scope.recorder.report.warnings


def test_what_stays_is_reported_after_the_last_try(run: Run, server: Server) -> None:
    server.problems = {"Cases": [PullError("busy", is_temporary=True)] * 3}
    result, scope, _ = run()
    assert result.success
    assert checks(result)["complete"] is False
    assert len(scope.recorder.report.warnings) == 1


@pytest.mark.parametrize("problem", [ConfigError("ZOHO_CLIENT_ID is not set"), PullError("the address is wrong")])
def test_a_source_that_cannot_be_used_at_all_is_a_warning(run: Run, server: Server, problem: Exception) -> None:
    server.refuses = problem
    result, scope, source = run()
    assert result.success
    assert scope.recorder.report.warnings == [f"shop could not be pulled: {problem}."]
    kept = last_pull(source)
    assert kept is not None
    assert kept.last_complete_at is None


def test_a_source_is_stale_some_hours_after_its_last_complete_pull(tmp_path: Path) -> None:
    settings = PullSettings.model_construct(stale_after_hours=36)
    source = PulledSource("shop", tmp_path, tmp_path, tmp_path, settings)
    assert is_stale(source, None, datetime.now(UTC))
    report = PullReport(source="shop", started_at=datetime.now(UTC), finished_at=datetime.now(UTC))
    with keep_report(source, report):
        pass
    assert not is_stale(source, last_pull(source), datetime.now(UTC) + timedelta(hours=35))
    assert is_stale(source, last_pull(source), datetime.now(UTC) + timedelta(hours=36, minutes=1))


def test_the_status_has_the_pulled_sources(tmp_path: Path) -> None:
    config = tmp_path / "loyalty.yml"
    source = "{mapping: zoho_api, files: inbox, pull: {zoho: {}}}"
    config.write_text(f"currency: GBP\ntimezone: UTC\nsources:\n  - {source}\n")
    done = CliRunner().invoke(app, ["status", "--json", "--config", str(config)])
    (found,) = json.loads(done.stdout)["pulls"]
    assert (found["source"], found["connector"], found["is_stale"]) == ("zoho", "zoho", True)
    shown = CliRunner().invoke(app, ["status", "--config", str(config)])
    assert "zoho has never been pulled completely" in shown.stderr


def test_a_source_that_was_never_pulled_needs_no_folder(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    config = tmp_path / "loyalty.yml"
    pulled = "{mapping: zoho_api, files: pulled, pull: {zoho: {}}}"
    config.write_text(f"currency: GBP\ntimezone: UTC\nsources:\n  - {{mapping: sample, files: inbox}}\n  - {pulled}\n")
    for command in ("check", "run --dry-run"):
        done = CliRunner().invoke(app, [*command.split(), "--config", str(config)])
        assert "pulled" not in done.output, done.output


@pytest.mark.parametrize(
    ("pull", "variable"),
    [
        ("{zoho: {environment_prefix: SHOP_CRM}}", "SHOP_CRM_CLIENT_SECRET"),
        ("{sql: {tables: {t: {table: t}}}}", "LOYALTY_SQL"),
    ],
)
def test_child_processes_do_not_get_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pull: str, variable: str
) -> None:
    (tmp_path / "loyalty.yml").write_text(
        f"currency: GBP\ntimezone: UTC\nsources:\n  - {{mapping: zoho_api, files: in, pull: {pull}}}\n"
    )
    monkeypatch.setenv(variable, "secret")
    settings = load_settings(tmp_path / "loyalty.yml")
    assert variable in child_environment({})
    assert variable not in child_environment({}, settings)


def test_credentials_with_a_line_break_are_named_without_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "secret\n")
    with pytest.raises(ConfigError, match="SHOP_TOKEN has a line break") as caught:
        read_credentials(["SHOP_TOKEN"], "the shop")
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
