"""Notifications of how a run ended: what a message contains, how often it is sent, and never an error's own words."""

import signal
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.base.errors import (
    Finding,
    GateError,
    InputError,
    LoyaltyError,
    NotificationError,
    PushError,
    StaleError,
    UnknownPersonError,
)
from pipelines.base.stopping import stopped
from pipelines.config.settings import Settings
from pipelines.publication.changes import Changes, changes_paths
from pipelines.runs.notifications import Stamp, failed, recovered
from pipelines.runs.notify import notify_end, notify_killed_before, notify_lost, notify_not_started
from pipelines.runs.recorder import Recorder
from tests.webhook_server import SECRET, Receiver, receiving

DAY = date(2024, 1, 31)
STAMP = Stamp(datetime(2024, 2, 1, 6, 30, tzinfo=timezone(timedelta(hours=2))), "etl-1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def settings_for(home: Path, url: str | None, style: str = "json") -> Settings:
    return Settings.unconfigured().model_copy(
        update={
            "home": home,
            "notify": Settings.model_fields["notify"].default.model_validate(
                {"name": "shop", "webhook": {"format": style}}
            ),
            "webhook_url": SecretStr(url) if url else None,
        }
    )


class Heard:
    """A listener that keeps the reported words."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def stage_started(self, name: str) -> None: ...

    def stage_says(self, name: str, words: str) -> None:
        self.words.append(words)

    def stage_finished(self, stage: object) -> None: ...

    def warned(self, words: str) -> None: ...


def end_run(
    settings: Settings,
    run_id: str,
    problem: BaseException | None = None,
    kind: str = "full",
    listener: Heard | None = None,
) -> Recorder:
    """A run that got as far as a gate, and its end."""
    recorder = Recorder(settings.paths.last_run, run_id, listener)
    recorder.report.as_of, recorder.report.kind = DAY, kind
    with recorder.stage("gate_landing"):
        pass
    if problem is None:
        recorder.finish(published=settings.home, is_current=True)
    else:
        recorder.fail(problem)
    recorder.end()
    notify_end(settings, recorder)
    return recorder


def test_a_failed_run_is_reported_with_rules_and_counts_and_none_of_the_errors_words(
    receiver: Receiver, tmp_path: Path
) -> None:
    problem = GateError("'jane@example.com' is no order", "look for jane", (Finding("orders: is_unique", 3),))
    end_run(settings_for(tmp_path, receiver.url), "r1", problem)
    (body,) = receiver.bodies
    assert body["event"] == "run_failed"
    assert (body["home"], body["run_id"], body["as_of"], body["stage"], body["exit_code"]) == (
        "shop",
        "r1",
        "2024-01-31",
        "gate_landing",
        4,
    )
    assert body["failed"] == [{"name": "orders: is_unique", "count": 3}]
    assert body["what"]
    assert body["hint"]
    assert "jane" not in str(body)


def test_only_the_first_success_after_a_failure_is_reported(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    end_run(settings, "r1")
    end_run(settings, "r2", InputError("a file"))
    end_run(settings, "r3", InputError("a file"))
    end_run(settings, "r4")
    end_run(settings, "r5")
    assert [(body["event"], body["run_id"], body["failed_run_id"]) for body in receiver.bodies] == [
        ("run_failed", "r2", ""),
        ("run_failed", "r3", ""),
        ("run_recovered", "r4", "r3"),
    ]


def test_a_new_version_is_reported_with_what_changed_only_if_that_is_wanted(receiver: Receiver, tmp_path: Path) -> None:
    quiet = settings_for(tmp_path, receiver.url)
    wanted = quiet.model_copy(update={"notify": quiet.notify.model_copy(update={"changes": True})})
    lines = ("Version b compared with a", "Customers: 10 → 12 (+2)")
    changes = Changes(
        version=tmp_path.name,  # end_run names the home as the published folder
        as_of=DAY,
        compared_with="a",
        compared_as_of=DAY,
        not_compared=(),
        figures=(),
        moves=(),
        rows=(),
        summary={"en": lines, "zh": lines},
    )
    path = changes_paths(wanted.paths.published, tmp_path.name)[0]
    path.parent.mkdir(parents=True)
    path.write_text(changes.to_text())
    end_run(quiet, "r1")
    end_run(wanted, "r2")
    end_run(wanted, "r3", kind="backfill")
    path.write_text("{}")
    end_run(wanted, "r4")
    assert [(body["event"], body["run_id"], body["changes"]) for body in receiver.bodies] == [
        ("version_published", "r2", list(lines))
    ]


def test_an_ingest_by_itself_is_no_recovery(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    end_run(settings, "r1", InputError("a file"))
    recorder = Recorder(settings.paths.last_run, "r2")
    with recorder.stage("land"):
        pass
    recorder.end()
    notify_end(settings, recorder)
    assert len(receiver.bodies) == 1


def test_a_backfilled_day_is_reported_if_it_fails_and_is_not_a_recovery_if_it_succeeds(
    receiver: Receiver, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, receiver.url)
    end_run(settings, "r1", InputError("a file"))
    end_run(settings, "r2", kind="backfill")
    end_run(settings, "r3", InputError("a file"), kind="backfill")
    end_run(settings, "r4")
    assert [(body["event"], body["run_id"]) for body in receiver.bodies] == [
        ("run_failed", "r1"),
        ("run_failed", "r3"),
        ("run_recovered", "r4"),
    ]
    assert receiver.bodies[-1]["failed_run_id"] == "r1"


def test_an_interrupt_is_not_reported(receiver: Receiver, tmp_path: Path) -> None:
    end_run(settings_for(tmp_path, receiver.url), "r1", KeyboardInterrupt())
    assert receiver.bodies == []


def test_a_run_that_sigterm_stopped_is_reported(receiver: Receiver, tmp_path: Path) -> None:
    end_run(settings_for(tmp_path, receiver.url), "r1", stopped(signal.SIGTERM))
    end_run(settings_for(tmp_path, receiver.url), "r2", stopped(signal.SIGINT))
    assert [(body["run_id"], body["exit_code"], body["what"]) for body in receiver.bodies] == [
        ("r1", 143, "the run was stopped by SIGTERM")
    ]


def test_without_a_webhook_nothing_is_sent(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, None)
    end_run(settings.model_copy(update={"notify": type(settings.notify)()}), "r1", InputError("a file"))
    assert receiver.bodies == []
    assert not settings.paths.notifications.exists()


def test_the_record_is_read_from_its_former_name_and_written_to_the_new_one(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    end_run(settings, "r1", InputError("a file"))
    former = settings.paths.notifications.rename(settings.paths.state / "told.json")
    end_run(settings, "r2")
    assert [(body["event"], body["run_id"]) for body in receiver.bodies] == [
        ("run_failed", "r1"),
        ("run_recovered", "r2"),
    ]
    assert settings.paths.notifications.exists() and not former.exists()


def test_the_url_alone_is_enough_for_notifications(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    settings = settings.model_copy(update={"notify": type(settings.notify)()})
    end_run(settings, "r1", InputError("a file"))
    end_run(settings, "r2")
    assert [(body["event"], body["home"]) for body in receiver.bodies] == [
        ("run_failed", tmp_path.name),
        ("run_recovered", tmp_path.name),
    ]


def test_a_message_says_when_and_from_which_machine_it_was_sent(receiver: Receiver, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    end_run(settings_for(tmp_path, receiver.url), "r1", InputError("a file"))
    (body,) = receiver.bodies
    assert body["host"] == socket.gethostname()
    assert before <= datetime.strptime(body["sent_at"], "%Y-%m-%dT%H:%M:%S%z") <= datetime.now(UTC)


def test_a_killed_run_is_reported_once_by_the_next_run(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    killed = Recorder(settings.paths.last_run, "r1")
    with killed.stage("core"):
        pass
    notify_killed_before(settings)
    notify_killed_before(settings)
    notify_lost(settings, "r1")
    (body,) = receiver.bodies
    assert (body["run_id"], body["exit_code"], body["stage"]) == ("r1", 137, "core")
    end_run(settings, "r2")
    assert receiver.bodies[-1]["event"] == "run_recovered"


def test_a_run_that_reported_its_failure_is_not_reported_again(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    end_run(settings, "r1", InputError("a file"))
    end_run(settings, "r2", InputError("a file"))
    notify_lost(settings, "r1")
    notify_lost(settings, "r2")
    assert len(receiver.bodies) == 2


def test_a_run_that_cannot_get_the_lock_is_reported(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, receiver.url)
    notify_not_started(settings, "r1", InputError("x"))
    assert [(body["run_id"], body["exit_code"]) for body in receiver.bodies] == [("r1", 3)]


def test_a_webhook_that_does_not_answer_is_a_warning_and_changes_nothing(tmp_path: Path) -> None:
    with receiving(404) as receiver:
        settings, heard = settings_for(tmp_path, receiver.url), Heard()
        problem = InputError("a file")
        recorder = end_run(settings, "r1", problem, listener=heard)
    words = "the webhook was not notified of run_failed: it answered 404"
    assert recorder.report.warnings == [words]
    assert words in heard.words
    assert recorder.failure is problem
    assert (recorder.report.status, recorder.report.error) == ("failed", "a file")
    assert SECRET not in settings.paths.last_run.read_text() + settings.paths.notifications.read_text()


def test_a_missing_url_is_a_warning(tmp_path: Path) -> None:
    recorder = end_run(settings_for(tmp_path, None), "r1", InputError("a file"))
    assert recorder.report.warnings == ["the webhook was not notified of run_failed: LOYALTY_WEBHOOK_URL is not set"]


def test_slack_gets_text_in_which_no_name_can_call_anybody(receiver: Receiver, tmp_path: Path) -> None:
    problem = GateError("x", findings=(Finding("<!channel> & co", 2),))
    end_run(settings_for(tmp_path, receiver.url, "slack"), "r1", problem)
    (body,) = receiver.bodies
    assert set(body) == {"text", "blocks"}
    assert "&lt;!channel&gt; &amp; co: 2" in body["text"]
    assert "shop: a blocking check failed in gate_landing" in body["text"]
    assert body["blocks"][0]["text"] == {"type": "mrkdwn", "text": body["text"]}


def test_many_findings_are_reported_as_twenty_and_a_number() -> None:
    findings = [Finding(f"rule {number}") for number in range(30)]
    body = failed("shop", "r", 4, as_of=None, stage="", findings=findings).body("json", STAMP)
    shown = body["failed"]
    assert isinstance(shown, list)
    assert len(shown) == 21
    assert shown[-1] == {"name": "more", "count": 10}


def test_a_recovery_in_slack_says_since_which_run() -> None:
    text = recovered("shop", "r2", as_of=DAY, failed_run_id="r1").body("slack", STAMP)["text"]
    assert text == (
        "shop: published again after run r1 had failed\nrun r2, as of 2024-01-31\n2024-02-01T04:30:00Z on etl-1"
    )


def test_every_exit_code_of_a_run_has_words_of_its_own() -> None:
    elsewhere = (UnknownPersonError, StaleError, NotificationError, PushError)
    of_a_run = [kind for kind in LoyaltyError.__subclasses__() if kind not in elsewhere]
    codes = [*(kind.exit_code for kind in of_a_run), 137]
    meanings = {failed("h", "r", code, as_of=None, stage="", findings=()).what for code in codes}
    assert len(meanings) == len(codes) == 9
