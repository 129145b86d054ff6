"""What a message says, as our own JSON and as Slack's. Pure; nothing is sent here.

Everything in it is a name from the code or the config, a number, a day, a time, or the name of the host. An error's own
words stay at home.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import JsonValue

from pipelines.base.errors import Finding

KILLED = 137  # as shells have it: 128 + SIGKILL

_WHAT = {
    70: ("a fault of Loyalty Marts", "The traceback is in the run's log: report it, and run again."),
    2: ("the config or a mapping cannot be used", "`loyalty check` names the file and the line."),
    3: ("a file was refused, or there is none", "`loyalty status` names the files; mend them or take them out."),
    4: ("a blocking check failed", "`loyalty status` says which rows; mend the data or the rule, and run again."),
    5: ("a step of the build failed", "Look at the run's log and at dbt.log, and run again."),
    6: ("the version could not be published", "Check free space and rights, and run again."),
    7: ("what a killed run left behind holds the warehouse", "`loyalty status` names the process: end it, run again."),
    KILLED: ("the run was killed", "Check memory, and who stopped it; the next run builds whole."),
}
_SHOWN = 20

Event = Literal["run_failed", "run_recovered", "publication_stale", "publication_current", "test"]
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
        home: What the installation is called.
        what: What happened, for people.
        hint: What to do.
        run_id: The run that it is about; empty where it is about none.
        as_of: The day that the run built, or that is published; None where there is none.
        stage: The stage that failed; empty where it was none.
        exit_code: As `loyalty run` ends; 0 where no run failed.
        findings: What failed, by name, with counts.
        failed_run_id: For a recovery, the run that had failed.
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

    def body(self, style: Style, stamp: Stamp) -> dict[str, JsonValue]:
        """The request's body."""
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
        }

    def _slack(self, stamp: Stamp) -> dict[str, JsonValue]:
        where = f" in {self.stage}" if self.stage else ""
        about = (f"run {self.run_id}" if self.run_id else "", f"as of {self.as_of}" if self.as_of else "")
        lines = [
            f"{self.home}: {self.what}{where}",
            ", ".join(part for part in about if part),
            *(f"• {found}" for found in self.findings),
            self.hint,
            f"{stamp.utc} on {stamp.host}",
        ]
        text = _escape("\n".join(line for line in lines if line))
        return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}]}


def failed(
    home: str, run_id: str, exit_code: int, *, as_of: date | None, stage: str, findings: Sequence[Finding]
) -> Message:
    """The message of a run that did not publish.

    Args:
        home: What the installation is called.
        run_id: The run.
        exit_code: As `loyalty run` ends, or KILLED.
        as_of: The day it was building.
        stage: The stage that failed.
        findings: What failed; the first twenty are told.
    """
    what, hint = _WHAT.get(exit_code, _WHAT[70])
    shown = tuple(findings[:_SHOWN])
    if len(findings) > _SHOWN:
        shown = (*shown, Finding("more", len(findings) - _SHOWN))
    return Message("run_failed", home, what, hint, run_id, as_of, stage, exit_code, shown)


def recovered(home: str, run_id: str, *, as_of: date | None, failed_run_id: str) -> Message:
    """The message of the first publication after a failure."""
    what = f"published again after run {failed_run_id} had failed"
    return Message("run_recovered", home, what, run_id=run_id, as_of=as_of, failed_run_id=failed_run_id)


def stale(home: str, *, as_of: date | None, why: str) -> Message:
    """The message of a publication that is older than it may be.

    Args:
        home: What the installation is called.
        as_of: The published day.
        why: Which limit it exceeds, by how much.
    """
    hint = "`loyalty status` shows the last run. Look at what should start runs (cron, systemd, Dagster's schedule)."
    return Message("publication_stale", home, f"the publication is stale: {why}", hint, as_of=as_of)


def current_again(home: str, *, as_of: date | None) -> Message:
    """The message of a publication that is no longer stale."""
    return Message("publication_current", home, "the publication is no longer stale", as_of=as_of)


def probe(home: str) -> Message:
    """The message of `loyalty notify --test`."""
    return Message("test", home, "a test message", "Nothing happened, and there is nothing to do.")


def _escape(text: str) -> str:
    """Slack's three characters: without this, a name such as `<!channel>` would call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
