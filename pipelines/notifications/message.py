"""What a message says, as our own JSON and as Slack's. Pure; nothing is sent here.

Everything in it is a name from the code or the config, a number or a day. An error's own words stay at home.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import JsonValue

from pipelines.errors import Finding

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


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        event: `run_failed` or `run_recovered`.
        home: What the installation is called.
        run_id: The run that it is about.
        as_of: The day that the run built, where it got as far as having one.
        stage: The stage that failed; empty where it was none.
        exit_code: As `loyalty run` ends; 0 for a recovery.
        what: What happened, in words.
        hint: What to do.
        findings: What failed, by name, with counts.
        failed_run_id: For a recovery, the run that had failed.
    """

    event: Literal["run_failed", "run_recovered"]
    home: str
    run_id: str
    as_of: date | None
    stage: str
    exit_code: int
    what: str
    hint: str
    findings: tuple[Finding, ...] = ()
    failed_run_id: str = ""

    def body(self, style: Literal["json", "slack"]) -> dict[str, JsonValue]:
        """The request's body."""
        return self._slack() if style == "slack" else self._json()

    def _json(self) -> dict[str, JsonValue]:
        return {
            "event": self.event,
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

    def _slack(self) -> dict[str, JsonValue]:
        where = f" in {self.stage}" if self.stage else ""
        lines = [
            f"{self.home}: {self.what}{where}",
            f"run {self.run_id}" + (f", as of {self.as_of}" if self.as_of else ""),
            *(f"• {found}" for found in self.findings),
            self.hint,
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
    return Message("run_failed", home, run_id, as_of, stage, exit_code, what, hint, shown)


def recovered(home: str, run_id: str, *, as_of: date | None, failed_run_id: str) -> Message:
    """The message of the first publication after a failure."""
    what = f"published again after run {failed_run_id} had failed"
    return Message("run_recovered", home, run_id, as_of, "", 0, what, "", failed_run_id=failed_run_id)


def _escape(text: str) -> str:
    """Slack's three characters: without this, a name such as `<!channel>` would call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
