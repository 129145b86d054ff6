"""What the last run did, stage by stage: reported to a listener as it happens, logged, and kept in
`<home>/state/last_run.json`.

Dagster keeps the history of runs and steps. This module keeps what Dagster cannot know, because a run of the command
line is two runs of Dagster and can fail before the first or between the two. `loyalty status` shows it without Dagster.
It contains counts and the first failure, and no personal data. The command line decides how it is shown.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, Field, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import LoyaltyError
from pipelines.base.stopping import Stopped, go_on, is_interrupt, stop_signal, stopped
from pipelines.runs.latest_day import LatestDay
from pipelines.runs.plan import BuildKind

log = logging.getLogger("loyalty.run")


class StageReport(BaseModel):
    """One stage of a run.

    Attributes:
        name: The name of the stage.
        seconds: How long it took; 0 while it runs.
        status: running, done or failed.
        counts: Its counts, by name.
    """

    name: str
    seconds: float = 0.0
    status: str = "running"
    counts: dict[str, int] = Field(default_factory=dict)


class RunReport(BaseModel):
    """One run, from landing to publication.

    Attributes:
        run_id: The run.
        started_at: UTC, ISO 8601.
        finished_at: UTC, ISO 8601; empty while it runs.
        status: running, published, unchanged (the day was published before, from the same data by the same code),
            failed, or ended (without a publication, as an ingest by itself does).
        as_of: The day of the plan that the run follows.
        latest: The row that decided which day is the latest; None if another day is built.
        kind: How its plan builds core and marts (full, incremental, backfill).
        stages: The stages, in order.
        warnings: The warnings for the user.
        published: The folder of the version that was published, or that was published before.
        is_current: Whether readers see that version now.
        last_success_at: When this or an earlier run last ended without a failure and with its day published; UTC, ISO
            8601; empty if no run has. Backfills do not count.
        error: What stopped it.
        hint: What to do about it.
    """

    run_id: str
    started_at: str
    finished_at: str = ""
    status: str = "running"
    as_of: date | None = None
    latest: LatestDay | None = None
    kind: str = ""
    stages: list[StageReport] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    published: str = ""
    is_current: bool = False
    last_success_at: str = ""
    error: str = ""
    hint: str = ""

    def counts(self, stage: str) -> dict[str, int]:
        """The counts of a stage; empty if it did not run."""
        return next((found.counts for found in reversed(self.stages) if found.name == stage), {})


class Listener(Protocol):
    """An object that is notified during a run."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def stage_says(self, name: str, words: str) -> None:
        """A stage reports its progress, or what it waits for."""

    def stage_finished(self, stage: StageReport) -> None:
        """A stage is done or has failed."""

    def warned(self, words: str) -> None:
        """The run has a new warning for the user."""


class Silent:
    """A listener that does nothing."""

    def stage_started(self, name: str) -> None:
        """Nothing."""

    def stage_says(self, name: str, words: str) -> None:
        """Nothing."""

    def stage_finished(self, stage: StageReport) -> None:
        """Nothing."""

    def warned(self, words: str) -> None:
        """Nothing."""


class Recorder:
    """Keeps a run's report up to date, in memory and on disk.

    Args:
        path: The file of the report; an earlier report of the same run is continued.
        run_id: The run.
        listener: Notified of the progress of the run.
    """

    def __init__(self, path: Path, run_id: str, listener: Listener | None = None) -> None:
        self._path = path
        self.listener = listener or Silent()
        before = read_report(path)
        if before and before.run_id == run_id:
            self.report = before
        else:
            last_success_at = before.last_success_at if before else ""
            self.report = RunReport(run_id=run_id, started_at=_now(), last_success_at=last_success_at)
        self.failure: BaseException | None = None
        self.reset_failure()

    @contextmanager
    def stage(self, name: str) -> Iterator["StageHandle"]:
        """Measure the time of a stage, and record its counts or why it failed.

        Raises:
            Stopped: A signal has arrived before the stage, and the code that it interrupted has continued.
        """
        go_on()
        stage = StageReport(name=name)
        self.report.stages.append(stage)
        self._save()
        self.listener.stage_started(name)
        log.info("run %s: %s begins", self.report.run_id, name)
        started = time.monotonic()
        try:
            yield StageHandle(self, stage)
            if stage.status == "running":
                stage.status = "done"
        except Exception as problem:
            stage.status = "failed"
            self.fail(problem)
            raise
        except BaseException:  # an interrupt: the caller knows more about it
            stage.status = "failed"
            raise
        finally:
            stage.seconds = round(time.monotonic() - started, 2)
            counts = ", ".join(f"{name} {number}" for name, number in stage.counts.items())
            log.info(
                "run %s: %s %s in %.1f s%s",
                self.report.run_id,
                name,
                stage.status,
                stage.seconds,
                counts and f": {counts}",
            )
            self.listener.stage_finished(stage)
            self._save_if_possible()

    def fail(self, problem: BaseException) -> None:
        """Record the first failure; later failures are only its consequences, as are those after a signal."""
        if self.failure is not None:
            return
        if is_interrupt(problem) and not isinstance(problem, Stopped):
            number = stop_signal()
            problem = KeyboardInterrupt() if number is None else stopped(number)
        self.failure = problem
        if isinstance(problem, Stopped) and self.report.status in ("published", "unchanged"):
            return  # it has done what it had to do
        self.report.status = "failed"
        if isinstance(problem, LoyaltyError | Stopped):
            self.report.error, self.report.hint = problem.message, problem.hint
        elif isinstance(problem, KeyboardInterrupt):
            self.report.error = "interrupted"
        else:
            # the message of an unexpected error may quote data
            self.report.error = f"an unexpected {type(problem).__name__}"
            self.report.hint = "this is a bug in Loyalty Marts: the traceback is in the run's log"
        log.error("run %s: %s", self.report.run_id, self.report.error)
        self._save_if_possible()

    def follows(self, as_of: date, kind: BuildKind) -> None:
        """Record the day and the kind of the plan that the run follows."""
        self.report.as_of, self.report.kind = as_of, kind.value

    def reset_failure(self) -> None:
        """Continue as if nothing had failed: a step is retried, or the second job of a run begins."""
        self.failure = None
        self.report.status, self.report.error, self.report.hint = "running", "", ""

    def finish(self, *, published: Path, is_current: bool, is_new: bool = True) -> None:
        """Record that the run has published its day, or has found that it is already published."""
        self.report.status = "published" if is_new else "unchanged"
        self.report.published = str(published)
        self.report.is_current = is_current
        self._save()

    def warn(self, stage: str, words: str) -> None:
        """Record a warning for the user. It is recorded once, also if the step is retried."""
        if words not in self.report.warnings:
            self.report.warnings.append(words)
            self.listener.warned(words)
            log.warning("run %s: %s: %s", self.report.run_id, stage, words)
            self._save()

    def end(self) -> None:
        """Record the end of the run; a run of ingest alone ends without a publication."""
        if interrupted := [stage for stage in self.report.stages if stage.status == "running"]:
            for stage in interrupted:
                stage.status = "failed"
            self._save_if_possible()
        if self.report.status == "running":
            self.report.status = "ended"
            self._save()

    def _save_if_possible(self) -> None:
        """Save at the end of a stage. If the disk is full, the error that ended the stage must not be hidden by it."""
        try:
            self._save()
        except OSError as problem:
            log.warning("run %s: its report cannot be written: %s", self.report.run_id, problem.strerror)

    def _save(self) -> None:
        if self.report.status != "running":
            self.report.finished_at = _now()
        if self.report.status in ("published", "unchanged") and self.report.kind != BuildKind.BACKFILL:
            self.report.last_success_at = self.report.finished_at  # also if a warning comes after the publication
        write_text_durably(self._path, self.report.model_dump_json(indent=2) + "\n")


class StageHandle:
    """What a stage can report while it runs."""

    def __init__(self, recorder: Recorder, stage: StageReport) -> None:
        self._recorder = recorder
        self._stage = stage

    def count(self, **counts: int) -> None:
        """Add counts of the stage."""
        self._stage.counts.update(counts)

    def say(self, words: str) -> None:
        """Report the progress."""
        self._recorder.listener.stage_says(self._stage.name, words)

    def warn(self, words: str) -> None:
        """Report a warning for the user."""
        self._recorder.warn(self._stage.name, words)

    def fail(self, problem: LoyaltyError) -> None:
        """Fail without raising: Dagster itself stops the steps after a failed blocking check."""
        self._stage.status = "failed"
        self._recorder.fail(problem)


def read_report(path: Path) -> RunReport | None:
    """The report of the last run; None if there is none or it cannot be read."""
    try:
        return RunReport.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
