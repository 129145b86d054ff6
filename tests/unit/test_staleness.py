"""A stale publication: what counts as one, who is notified how often though no run happens, and how `status` ends."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import jsonschema
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.cli.status_report import StatusReport
from pipelines.config.settings import Settings, project_root
from pipelines.orchestration.sensors import watch_freshness
from pipelines.runs.freshness import Freshness, publication_freshness
from pipelines.runs.lock import hold_lock
from pipelines.runs.recorder import Recorder, RunReport
from pipelines.runs.staleness import notify_of_staleness
from tests.unit.publication_marts import publisher
from tests.unit.test_freshness import stage_case
from tests.webhook_server import Receiver, receiving

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
SCHEMA = project_root() / "docs" / "status.schema.json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publisher(tmp_path)(DAY.day, "aaaa")
    return tmp_path


def settings(home: Path, receiver: Receiver | None = None, **values: object) -> Settings:
    url = SecretStr(receiver.url) if receiver else None
    return Settings.unconfigured().model_copy(
        update={"home": home, "as_of": "latest", "webhook_url": url, "stale_after_days": 2, **values}
    )


def succeeded(home: Path, at: datetime) -> None:
    """The last run's report, of a run that ended well at that time."""
    report = RunReport(run_id="r", started_at=at.isoformat(), status="published", last_success_at=at.isoformat())
    path = home / "state" / "last_run.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(report.model_dump_json())


@pytest.mark.parametrize(
    ("behind", "hours", "limit", "words"),
    [
        (0, 1, 2, ""),
        (1, 47, 2, ""),
        (2, 1, 2, "2026-01-05 is 2 days behind 2026-01-07 (limit: 2 days)"),
        (0, 48, 2, "no run has succeeded since 2026-01-07 12:00 UTC (limit: 2 days)"),
        (400, 9_000, 0, ""),
        (7, 200, 9, ""),
    ],
)
def test_it_is_stale_if_its_day_or_its_last_success_is_as_old_as_the_limit(
    behind: int, hours: int, limit: int, words: str
) -> None:
    found = Freshness(DAY, DAY + timedelta(days=behind), "", NOW - timedelta(hours=hours), limit)
    assert found.why_stale(NOW) == words


def test_where_nothing_is_published_nothing_is_stale() -> None:
    assert Freshness(None, DAY, "", NOW - timedelta(days=900), 2).why_stale(NOW) == ""


def test_a_day_fixed_in_the_config_is_not_stale_however_long_no_run_has_succeeded(home: Path) -> None:
    succeeded(home, NOW - timedelta(days=900))
    assert publication_freshness(settings(home, as_of=DAY)).why_stale(NOW) == ""
    assert publication_freshness(settings(home, as_of="yesterday")).why_stale(NOW)


def test_a_home_without_its_state_counts_from_its_publication(home: Path) -> None:
    found = publication_freshness(settings(home))
    assert found.last_success_at is not None
    assert abs(found.last_success_at - datetime.now(UTC)) < timedelta(hours=1)


def test_a_failed_run_and_a_backfilled_day_are_no_success(tmp_path: Path) -> None:
    path = tmp_path / "last_run.json"

    def run(run_id: str, kind: str = "full", *, fails: bool = False) -> str:
        recorder = Recorder(path, run_id)
        recorder.report.kind = kind
        if fails:
            recorder.fail(ValueError())
        else:
            recorder.finish(published=tmp_path, is_current=True)
        recorder.end()
        return RunReport.model_validate_json(path.read_text()).last_success_at

    assert run("r1", fails=True) == ""
    first = run("r2")
    assert first
    path.write_text(path.read_text().replace(first, "2020-01-01T00:00:00+00:00"))
    assert run("r3", fails=True) == run("r4", kind="backfill") == "2020-01-01T00:00:00+00:00"
    assert run("r5") >= first


def test_a_run_that_warns_after_it_has_published_ended_and_succeeded_at_one_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(60))
    monkeypatch.setattr("pipelines.runs.recorder._now", lambda: f"2026-01-30T00:00:{next(seconds):02d}+00:00")
    recorder = Recorder(tmp_path / "last_run.json", "r")
    recorder.finish(published=tmp_path, is_current=True)
    recorder.warn("publish", "a target is out of reach")
    recorder.end()
    report = RunReport.model_validate_json((tmp_path / "last_run.json").read_text())
    assert report.last_success_at == report.finished_at > report.started_at


def test_each_episode_is_notified_once_and_its_end_once_though_no_run_happens(home: Path, receiver: Receiver) -> None:
    chosen, is_known, words = settings(home, receiver), False, []
    stage_case(home, DAY)  # so `latest` is the published day: only the time without a run counts

    def look(days: int) -> None:
        nonlocal is_known
        is_known, found = notify_of_staleness(chosen, is_known, NOW + timedelta(days=days))
        words.append(found)

    succeeded(home, NOW)
    for days in (1, 2, 3):
        look(days)
    succeeded(home, NOW + timedelta(days=3))
    with hold_lock(home / "lock", "r"):
        look(3)  # which day is due is not known while a run goes on, so nothing is over yet
    for days in (4, 5, 6):
        look(days)
    assert [body["event"] for body in receiver.bodies] == [
        "publication_stale",
        "publication_current",
        "publication_stale",
    ]
    first = receiver.bodies[0]
    assert (first["home"], first["as_of"], first["run_id"]) == (home.name, str(DAY), "")
    assert first["what"] == f"the publication is stale: {words[1]}"
    assert words[1] == "no run has succeeded since 2026-01-09 12:00 UTC (limit: 2 days)"
    assert first["hint"] and first["sent_at"] and first["host"]


def test_a_message_that_did_not_arrive_is_sent_at_the_next_look(home: Path) -> None:
    chosen = settings(home, as_of="yesterday")
    with receiving(503, 503, 503, 200) as receiver:
        chosen = chosen.model_copy(update={"webhook_url": SecretStr(receiver.url)})
        is_known, _ = notify_of_staleness(chosen, False, datetime.now(UTC))
        assert not is_known
        is_known, _ = notify_of_staleness(chosen, is_known, datetime.now(UTC))
        assert is_known
    assert len(receiver.bodies) == 4


def test_without_a_webhook_it_is_said_and_an_alert_waits_for_one(home: Path, receiver: Receiver) -> None:
    chosen = settings(home, as_of="yesterday")
    is_known, words = notify_of_staleness(chosen, False, datetime.now(UTC))
    assert not is_known
    assert "LOYALTY_WEBHOOK_URL" in words
    notify_of_staleness(settings(home, receiver, as_of="yesterday"), is_known, datetime.now(UTC))
    assert len(receiver.bodies) == 1


def test_the_sensor_remembers_the_episode_in_its_cursor(home: Path, receiver: Receiver) -> None:
    chosen, cursor = settings(home, receiver, as_of="yesterday"), None
    for _ in range(3):
        context = dg.build_sensor_context(cursor=cursor)
        answer = watch_freshness(context, chosen)
        assert "days behind" in (answer.skip_message or "")
        cursor = context.cursor
    assert [body["event"] for body in receiver.bodies] == ["publication_stale"]


@pytest.mark.parametrize(("setting", "code"), [("", 9), ("stale_after_days: 0\n", 0)])
def test_the_status_of_a_stale_publication_ends_with_9_also_as_json(
    home: Path, monkeypatch: pytest.MonkeyPatch, setting: str, code: int
) -> None:
    monkeypatch.delenv("LOYALTY_WEBHOOK_URL", raising=False)
    (home / "inbox").mkdir()
    config = home / "loyalty.yml"
    needed = "currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n"
    text = f"home: .\nas_of: yesterday\n{setting}{needed}"
    config.write_text(text)
    (home / "state" / "warehouse.duckdb").unlink()
    shown = CliRunner().invoke(app, ["status", "--config", str(config)])
    as_json = CliRunner().invoke(app, ["status", "--json", "--config", str(config)])
    assert (shown.exit_code, as_json.exit_code) == (code, code), shown.output
    assert ("error the publication is stale: 2026-01-05 is " in shown.stderr) == bool(code)
    found = json.loads(as_json.stdout)
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    assert found["freshness"]["is_stale"] == bool(code)
    assert bool(found["freshness"]["why_stale"]) == bool(code)


def test_the_documented_schema_of_the_status_is_the_one_that_is_printed(pytestconfig: pytest.Config) -> None:
    text = json.dumps(StatusReport.model_json_schema(mode="serialization"), indent=2, sort_keys=True) + "\n"
    if pytestconfig.getoption("--update-snapshots"):
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text, "write it anew: pytest tests/unit/test_staleness.py --update-snapshots"
