"""Messages, as the project's own JSON and as Slack's JSON. Nothing is sent here.

A message consists of names from the code or the config, numbers, days, times and the name of the host. The text of an
error is never sent, because it can quote data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import JsonValue

from pipelines.base.errors import (
    BuildError,
    ConfigError,
    Finding,
    GateError,
    InputError,
    InternalError,
    LockError,
    PublicationError,
    PullError,
)

KILLED = 137  # the convention of shells: 128 + SIGKILL
TERMINATED = 143  # 128 + SIGTERM

_WHAT = {
    InternalError.exit_code: (
        "a bug in Loyalty Marts",
        "Report it with the traceback in the run's log, and run again.",
    ),
    ConfigError.exit_code: (
        "the config or a mapping cannot be used",
        "`loyalty check` gives the file and the line. Correct it, and run again.",
    ),
    InputError.exit_code: (
        "a file was refused, or there is no file",
        "`loyalty status` names the files. Correct them or remove them from the inbox, and run again.",
    ),
    GateError.exit_code: (
        "a blocking check failed",
        "`loyalty status` shows the check. Correct the data or the rule, and run again.",
    ),
    BuildError.exit_code: ("a step of the build failed", "See the run's log and dbt.log, and run again."),
    PublicationError.exit_code: (
        "the version could not be published",
        "Check the free disk space and the permissions, and run again.",
    ),
    LockError.exit_code: (
        "a process left over from a killed run still has the warehouse open",
        "`loyalty status` names the process. End it, and run again.",
    ),
    PullError.exit_code: (
        "a required source could not be pulled",
        "`loyalty status` says what and why. Correct it, and run again; or set `required: false`.",
    ),
    KILLED: (
        "the run was killed",
        "Check whether memory ran out, or who stopped it. An incomplete build is followed by a full build.",
    ),
    TERMINATED: (
        "the run was stopped by SIGTERM",
        "Check who or what stopped it (kill, a timeout, the end of a service), and run again.",
    ),
}
_SHOWN = 20

Event = Literal["run_failed", "run_recovered", "version_published", "publication_stale", "publication_current", "test"]
Style = Literal["json", "slack"]


@dataclass(frozen=True)
class Stamp:
    """When and from where a message is sent.

    Attributes:
        sent_at: With a zone.
        host: The name of the machine.
    """

    sent_at: datetime
    host: str

    @property
    def utc(self) -> str:
        """The time in UTC, `2026-11-22T01:23:49Z`."""
        return f"{self.sent_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        event: What happened, for programs.
        home: The name of the installation.
        what: What happened, for people.
        hint: What to do.
        run_id: The run that the message is about; empty if there is none.
        as_of: The day that the run built, or that is published; None if there is none.
        stage: The stage that failed; empty if no stage failed.
        exit_code: The exit code of `loyalty run`; 0 if no run failed.
        findings: What failed, by name, with counts.
        failed_run_id: For a recovery, the run that had failed.
        changes: For a new version, what changed since the previous one: at most ten lines.
    """

    event: Event
    home: str
    what: str
    hint: str = ""
    run_id: str = ""
    as_of: date | None = None
    stage: str = ""
    exit_code: int = 0
    findings: tuple[Finding, ...] = ()
    failed_run_id: str = ""
    changes: tuple[str, ...] = ()

    def body(self, style: Style, stamp: Stamp) -> dict[str, JsonValue]:
        """The body of the request."""
        return self._slack(stamp) if style == "slack" else self._json(stamp)

    def _json(self, stamp: Stamp) -> dict[str, JsonValue]:
        return {
            "event": self.event,
            "sent_at": stamp.utc,
            "host": stamp.host,
            "home": self.home,
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "stage": self.stage,
            "exit_code": self.exit_code,
            "what": self.what,
            "hint": self.hint,
            "failed": [{"name": found.name, "count": found.count} for found in self.findings],
            "failed_run_id": self.failed_run_id,
            "changes": list(self.changes),
        }

    def _slack(self, stamp: Stamp) -> dict[str, JsonValue]:
        where = f" in {self.stage}" if self.stage else ""
        about = (f"run {self.run_id}" if self.run_id else "", f"as of {self.as_of}" if self.as_of else "")
        lines = [
            f"{self.home}: {self.what}{where}",
            ", ".join(part for part in about if part),
            *(f"• {found}" for found in self.findings),
            *self.changes,
            self.hint,
            f"{stamp.utc} on {stamp.host}",
        ]
        text = _escape("\n".join(line for line in lines if line))
        return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}]}


def failed(
    home: str, run_id: str, exit_code: int, *, as_of: date | None, stage: str, findings: Sequence[Finding]
) -> Message:
    """The message about a failed run.

    Args:
        home: The name of the installation.
        run_id: The run.
        exit_code: The exit code of `loyalty run`, or KILLED.
        as_of: The day that it was building.
        stage: The stage that failed.
        findings: What failed; the message has the first twenty.
    """
    what, hint = _WHAT.get(exit_code, _WHAT[InternalError.exit_code])
    shown = tuple(findings[:_SHOWN])
    if len(findings) > _SHOWN:
        shown = (*shown, Finding("more", len(findings) - _SHOWN))
    return Message("run_failed", home, what, hint, run_id, as_of, stage, exit_code, shown)


def recovered(
    home: str, run_id: str, *, as_of: date | None, failed_run_id: str, changes: tuple[str, ...] = ()
) -> Message:
    """The message about the first publication after a failure."""
    what = f"published again after run {failed_run_id} had failed"
    return Message(
        "run_recovered", home, what, run_id=run_id, as_of=as_of, failed_run_id=failed_run_id, changes=changes
    )


def published(home: str, run_id: str, *, as_of: date | None, changes: tuple[str, ...]) -> Message:
    """The message about a new version: what changed since the previous one, in at most ten lines."""
    return Message("version_published", home, "a new version is published", run_id=run_id, as_of=as_of, changes=changes)


def stale(home: str, *, as_of: date | None, why: str) -> Message:
    """The message about a stale publication.

    Args:
        home: The name of the installation.
        as_of: The published day.
        why: Which limit is exceeded, and by how much.
    """
    hint = "`loyalty status` shows the last run. Check what should start runs (cron, systemd, Dagster's schedule)."
    return Message("publication_stale", home, f"the publication is stale: {why}", hint, as_of=as_of)


def current_again(home: str, *, as_of: date | None) -> Message:
    """The message about a publication that is no longer stale."""
    return Message("publication_current", home, "the publication is no longer stale", as_of=as_of)


def probe(home: str) -> Message:
    """The message of `loyalty notify --test`."""
    return Message("test", home, "a test message", "Nothing has happened, and there is nothing to do.")


def _escape(text: str) -> str:
    """Escape the three characters that Slack requires. Otherwise a name such as `<!channel>` would notify everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
