"""Notifies the webhook of the end of runs: of each failed run once, of the first publication after a failure, and if
wanted of each new version.

The process of a run sends the message at the end. A killed process cannot do so: then the next run or Dagster's daemon
sends the message. The messages are in pipelines/runs/notifications.
"""

import logging
import socket
from datetime import UTC, datetime
from pathlib import Path

from pipelines.base.errors import InternalError, LoyaltyError
from pipelines.base.stopping import Stopped
from pipelines.config.parts import WebhookSettings
from pipelines.config.settings import WEBHOOK_VARIABLE, Settings
from pipelines.publication.changes import read_changes
from pipelines.runs.notifications import (
    Delivery,
    Message,
    SentNotifications,
    Stamp,
    Style,
    deliver,
    failed,
    published,
    read_sent,
    recovered,
    write_sent,
)
from pipelines.runs.notifications.message import KILLED, TERMINATED
from pipelines.runs.plan import BuildKind
from pipelines.runs.recorder import Recorder, RunReport, read_report

log = logging.getLogger("loyalty.notify")


def notify_end(settings: Settings, recorder: Recorder) -> None:
    """Notify of a failed run, of a recovery, or if wanted of a new version.

    A message that cannot be sent becomes a warning of the run.

    Ctrl-C is not reported, because the user who pressed it knows. SIGTERM is reported: often no user has sent it. A
    backfilled day is reported if it fails. If it succeeds, it is not a recovery, because it shows nothing about the
    daily run.
    """
    report, problem = recorder.report, recorder.failure
    if not settings.is_notifying or (isinstance(problem, KeyboardInterrupt) and not _is_terminated(problem)):
        return
    sent = read_sent(settings.paths.notifications)
    is_backfill = report.kind == BuildKind.BACKFILL
    if report.status == "failed":
        message = _failure(settings, report, problem)
        failing = sent.failing_run_id if is_backfill else report.run_id
    elif report.status in ("published", "unchanged") and sent.failing_run_id and not is_backfill:
        message = recovered(
            settings.installation,
            report.run_id,
            as_of=report.as_of,
            failed_run_id=sent.failing_run_id,
            changes=_changes(settings, report),
        )
        failing = ""
    elif report.status == "published" and not is_backfill and (changes := _changes(settings, report)):
        message = published(settings.installation, report.run_id, as_of=report.as_of, changes=changes)
        failing = sent.failing_run_id
    else:
        return
    _record(settings, sent.with_run(report.run_id, failing))
    if problem_text := delivery_problem(message, send(settings, message)):
        recorder.warn("notify", problem_text)
        if report.status == "failed":
            # the command shows the error of a failed run but not its warnings
            recorder.listener.stage_says("notify", problem_text)


def notify_not_started(settings: Settings, run_id: str, problem: LoyaltyError) -> None:
    """Notify of a run that has no record, because it could not get the lock."""
    _notify_without_record(settings, RunReport(run_id=run_id, started_at=""), problem.exit_code)


def notify_killed_before(settings: Settings) -> None:
    """Notify of the last run if it was killed: its record says running, but the caller holds the lock."""
    report = read_report(settings.paths.last_run)
    if report is not None and report.status == "running":
        _notify_without_record(settings, report, KILLED)


def notify_lost(settings: Settings, run_id: str) -> None:
    """Notify of a run that Dagster marks as failed, unless the run itself has sent its message."""
    report = read_report(settings.paths.last_run)
    if report is None or report.run_id != run_id:
        report = RunReport(run_id=run_id, started_at="", status="ended")  # nothing is known about it
    _notify_without_record(settings, report, KILLED if report.status == "running" else InternalError.exit_code)


def send(settings: Settings, message: Message) -> Delivery:
    """Send a message with the time and the host. The result is logged without the URL."""
    if settings.webhook_url is None:
        delivery = Delivery(problem=f"{WEBHOOK_VARIABLE} is not set", is_lost=True)
    else:
        stamp = Stamp(datetime.now(UTC), socket.gethostname())
        delivery = deliver(settings.webhook_url, message.body(message_style(settings), stamp))
    about = f"run {message.run_id}: " if message.run_id else ""
    if delivery.problem:
        log.warning("%s%s", about, delivery_problem(message, delivery))
    else:
        log.info("%sthe webhook was notified: %s", about, message.event)
    return delivery


def message_style(settings: Settings) -> Style:
    """The format of messages: from the config, or the default."""
    return (settings.notify.webhook or WebhookSettings()).format


def delivery_problem(message: Message, delivery: Delivery) -> str:
    """Why the receiver did not accept a message; empty if it did."""
    return f"the webhook was not notified of {message.event}: {delivery.problem}" if delivery.problem else ""


def _notify_without_record(settings: Settings, report: RunReport, exit_code: int) -> None:
    sent = read_sent(settings.paths.notifications)
    if not settings.is_notifying or report.run_id in sent.run_ids:
        return
    _record(settings, sent.with_run(report.run_id, report.run_id))
    message = failed(
        settings.installation, report.run_id, exit_code, as_of=report.as_of, stage=_last_stage(report), findings=()
    )
    send(settings, message)


def _record(settings: Settings, sent: SentNotifications) -> None:
    """Record a message before it is sent: a lost message becomes a warning, but no message is sent twice."""
    try:
        write_sent(settings.paths.notifications, sent)
    except OSError as problem:
        log.warning("the record of sent notifications cannot be saved: %s", problem)


def _failure(settings: Settings, report: RunReport, problem: BaseException | None) -> Message:
    known = problem if isinstance(problem, LoyaltyError | Stopped) else InternalError("")
    return failed(
        settings.installation,
        report.run_id,
        known.exit_code,
        as_of=report.as_of,
        stage=_last_stage(report),
        findings=known.findings if isinstance(known, LoyaltyError) else (),
    )


def _changes(settings: Settings, report: RunReport) -> tuple[str, ...]:
    """What changed with the version of a run, in English; empty if that is not wanted, or not known."""
    if not settings.notify.changes or report.status != "published":
        return ()
    found = read_changes(settings.paths.published, Path(report.published).name)
    return found.summary["en"] if found else ()


def _is_terminated(problem: KeyboardInterrupt) -> bool:
    return isinstance(problem, Stopped) and problem.exit_code == TERMINATED


def _last_stage(report: RunReport) -> str:
    return report.stages[-1].name if report.stages else ""
