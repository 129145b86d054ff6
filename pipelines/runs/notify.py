"""Notifying how a run ended: each failed run once, and the first publication after a failure.

A run is told about by the process that it ran in, at its end; what was killed could not do so, and is told about by
whoever notices (the next run, or Dagster's daemon). What a message says is in pipelines/runs/notifications.
"""

import logging
import socket
from datetime import UTC, datetime

from pipelines.base.errors import InternalError, LoyaltyError
from pipelines.config.parts import WebhookSettings
from pipelines.config.settings import WEBHOOK_VARIABLE, Settings
from pipelines.runs.notifications import (
    Delivery,
    Message,
    Stamp,
    Style,
    Told,
    deliver,
    failed,
    read_told,
    recovered,
    write_told,
)
from pipelines.runs.notifications.message import KILLED
from pipelines.runs.plan import BuildKind
from pipelines.runs.recorder import Recorder, RunReport, read_report

log = logging.getLogger("loyalty.notify")


def tell_end(settings: Settings, recorder: Recorder) -> None:
    """Tell how a run ended, where that is news. What goes wrong with it becomes a warning of the run.

    An interrupt is not told: whoever did it sits there. A backfilled day that fails is told; one that does not says
    nothing about the daily run, and so is no recovery.
    """
    report, problem = recorder.report, recorder.failure
    if isinstance(problem, KeyboardInterrupt) or not settings.is_notifying:
        return
    told = read_told(settings.paths.told)
    is_backfill = report.kind == BuildKind.BACKFILL
    if report.status == "failed":
        message = _failure(settings, report, problem)
        failing = told.failing_run_id if is_backfill else report.run_id
    elif report.status in ("published", "unchanged") and told.failing_run_id and not is_backfill:
        message = recovered(settings.installation, report.run_id, as_of=report.as_of, failed_run_id=told.failing_run_id)
        failing = ""
    else:
        return
    _remember(settings, told.and_of(report.run_id, failing))
    if words := not_told(message, send(settings, message)):
        recorder.warn("notify", words)
        if report.status == "failed":
            # a run that failed shows its error and not its warnings
            recorder.listener.stage_says("notify", words)


def tell_never_began(settings: Settings, run_id: str, problem: LoyaltyError) -> None:
    """Tell of a run that did not get as far as having a record, because it could not have the lock."""
    _tell_without_record(settings, RunReport(run_id=run_id, started_at=""), problem.exit_code)


def tell_killed_before(settings: Settings) -> None:
    """Tell of the last run if it was killed: it stands as running, and the caller holds the lock."""
    report = read_report(settings.paths.last_run)
    if report is not None and report.status == "running":
        _tell_without_record(settings, report, KILLED)


def tell_lost(settings: Settings, run_id: str) -> None:
    """Tell of a run that Dagster counts as failed, unless it could tell so itself."""
    report = read_report(settings.paths.last_run)
    if report is None or report.run_id != run_id:
        report = RunReport(run_id=run_id, started_at="", status="ended")  # nothing is known of it
    _tell_without_record(settings, report, KILLED if report.status == "running" else InternalError.exit_code)


def send(settings: Settings, message: Message) -> Delivery:
    """Send a message with the time and the host; what became of it is in the log, without the URL."""
    if settings.webhook_url is None:
        delivery = Delivery(problem=f"{WEBHOOK_VARIABLE} is not set", is_lost=True)
    else:
        stamp = Stamp(datetime.now(UTC), socket.gethostname())
        delivery = deliver(settings.webhook_url, message.body(message_style(settings), stamp))
    about = f"run {message.run_id}: " if message.run_id else ""
    if delivery.problem:
        log.warning("%s%s", about, not_told(message, delivery))
    else:
        log.info("%sthe webhook was notified: %s", about, message.event)
    return delivery


def message_style(settings: Settings) -> Style:
    """How messages look, also if the file says nothing about notifications."""
    return (settings.notify.webhook or WebhookSettings()).format


def not_told(message: Message, delivery: Delivery) -> str:
    """Why the receiver did not take a message; empty if it did."""
    return f"the webhook was not notified of {message.event}: {delivery.problem}" if delivery.problem else ""


def _tell_without_record(settings: Settings, report: RunReport, exit_code: int) -> None:
    told = read_told(settings.paths.told)
    if not settings.is_notifying or report.run_id in told.run_ids:
        return
    _remember(settings, told.and_of(report.run_id, report.run_id))
    message = failed(
        settings.installation, report.run_id, exit_code, as_of=report.as_of, stage=_last_stage(report), findings=()
    )
    send(settings, message)


def _remember(settings: Settings, told: Told) -> None:
    """Before a message is sent: one that is lost becomes a warning, one that is sent twice is news twice."""
    try:
        write_told(settings.paths.told, told)
    except OSError as problem:
        log.warning("the record of sent notifications cannot be saved: %s", problem)


def _failure(settings: Settings, report: RunReport, problem: BaseException | None) -> Message:
    known = problem if isinstance(problem, LoyaltyError) else InternalError("")
    return failed(
        settings.installation,
        report.run_id,
        known.exit_code,
        as_of=report.as_of,
        stage=_last_stage(report),
        findings=known.findings,
    )


def _last_stage(report: RunReport) -> str:
    return report.stages[-1].name if report.stages else ""
