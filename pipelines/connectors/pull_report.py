"""What a pull did: shown, logged, and kept for `loyalty status` and for freshness. No record is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import LoyaltyError
from pipelines.connectors.pulled_source import PulledSource

_FILE = "last_pull.json"


class ObjectReport(BaseModel):
    """What was pulled of one object.

    Attributes:
        name: The object.
        since: The cursor that the pull continued from; None if everything was read.
        records: The number of records that were read.
        new_records: How many of them the last file did not have.
        pages: The number of pages.
        resumed_pages: How many of these an earlier pull had read.
        file: The file in the inbox; empty if there was nothing new.
        seconds: How long it took.
        problem: Why it failed; empty if it did not.
        hint: What to do about it.
        is_temporary: Whether it may succeed some minutes later.
        warnings: What the user should know.
    """

    name: str
    since: str | None = None
    records: int = 0
    new_records: int = 0
    pages: int = 0
    resumed_pages: int = 0
    file: str = ""
    seconds: float = 0.0
    problem: str = ""
    hint: str = ""
    is_temporary: bool = False
    warnings: list[str] = Field(default_factory=list)


class PullReport(BaseModel):
    """A pull of one source.

    Attributes:
        source: The source.
        started_at: UTC, by our clock.
        finished_at: UTC, by our clock; None if it failed as a whole.
        server_time: UTC, by the server's clock.
        objects: The objects.
        warnings: Warnings about the source as a whole.
        problem: Why the source could not be pulled at all; empty if it could.
        hint: What to do about it.
        is_temporary: Whether it may succeed some minutes later.
        last_complete_at: When a pull last read every object, UTC.
    """

    source: str
    started_at: datetime
    finished_at: datetime | None = None
    server_time: datetime | None = None
    objects: list[ObjectReport] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    problem: str = ""
    hint: str = ""
    is_temporary: bool = False
    last_complete_at: datetime | None = None

    @classmethod
    def failed_at_once(cls, source: PulledSource, problem: LoyaltyError) -> "PullReport":
        """The report of a pull that could not begin."""
        before = last_pull(source)
        return cls(
            source=source.name,
            started_at=datetime.now(UTC),
            problem=problem.message,
            hint=problem.hint,
            last_complete_at=before.last_complete_at if before else None,
        )

    @property
    def failed(self) -> list[ObjectReport]:
        """The objects that could not be read."""
        return [one for one in self.objects if one.problem]

    @property
    def records(self) -> int:
        """The number of new records."""
        return sum(one.new_records for one in self.objects)

    @property
    def words(self) -> list[str]:
        """All warnings and problems, one sentence each."""
        own = [f"{self.source} could not be pulled: {self.problem}. {self.hint}".strip()] if self.problem else []
        failed = [f"{self.source}: {one.name} could not be pulled: {one.problem}. {one.hint}" for one in self.failed]
        warned = [words for one in self.objects for words in one.warnings] + self.warnings
        return [*own, *failed, *(f"{self.source}: {words}" for words in warned)]


def last_pull(source: PulledSource) -> PullReport | None:
    """The report of the last pull; None if there was none."""
    try:
        return PullReport.model_validate_json((source.work / _FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def is_stale(source: PulledSource, report: PullReport | None, now: datetime) -> bool:
    """Whether the last complete pull of a source is `stale_after_hours` ago or more, or there was none."""
    last = report.last_complete_at if report else None
    return last is None or now - last >= timedelta(hours=source.settings.stale_after_hours)


@contextmanager
def keep_report(source: PulledSource, report: PullReport) -> Iterator[None]:
    """Keep the report of a pull when it ends, also if it fails."""
    before = last_pull(source)
    report.last_complete_at = before.last_complete_at if before else None
    try:
        yield
    except LoyaltyError as problem:
        report.problem, report.hint = problem.message, problem.hint
        report.is_temporary = bool(getattr(problem, "is_temporary", False))
        raise
    finally:
        if report.finished_at and not report.failed:
            report.last_complete_at = datetime.now(UTC)
        _write(source.work, report)


def _write(work: Path, report: PullReport) -> None:
    write_text_durably(work / _FILE, report.model_dump_json(indent=2), mode=0o600)
