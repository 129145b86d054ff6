"""The output of `loyalty status --json`: its model, documented in docs/status.schema.json, and how it is filled.

Monitoring depends on the names: if a name or a meaning changes, `format` gets a new number.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.publication import Version
from pipelines.runs.freshness import Freshness
from pipelines.runs.lock import Holder
from pipelines.runs.recorder import RunReport

if TYPE_CHECKING:
    from pipelines.quality import DataIssue

RunStatus = Literal["running", "published", "unchanged", "ended", "failed", "killed"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Running(_Part):
    """The active run."""

    run_id: str
    pid: int = Field(description="The id of its process.")
    since: datetime | None = Field(description="When it began, UTC.")


class RunRows(_Part):
    """What the run counted."""

    records: int = Field(description="Records of the files that it landed.")
    accepted: int = Field(description="Rows that staging accepted.")
    quarantined: int = Field(description="Rows that it put into quarantine.")
    customers: int = Field(description="Customers in the published marts.")
    published: int = Field(description="Rows of all published marts.")


class LastRun(_Part):
    """The last run, which may still be active."""

    run_id: str
    status: RunStatus = Field(
        description="running; published; unchanged (the day was published before, from the same data by the same"
        " code); ended (without a publication, as an ingest by itself does); failed; killed."
    )
    as_of: date | None = Field(description="The day that it built; null if it stopped before that.")
    build: str = Field(description="full, incremental or backfill; empty if nothing was built.")
    started_at: datetime = Field(description="UTC.")
    finished_at: datetime | None = Field(description="UTC; null while it runs, and of a killed run.")
    rows: RunRows
    version: str | None = Field(description="The id of its version; null without one.")
    is_current: bool = Field(description="Whether readers saw that version when the run ended.")
    warnings: list[str]
    error: str = Field(description="What stopped it; empty if nothing did.")
    hint: str = Field(description="What to do about the error.")


class PublishedVersion(_Part):
    """One version that is kept."""

    id: str
    as_of: date
    published_at: datetime | None = Field(description="UTC; null if its manifest cannot be read.")
    rows: int | None = Field(description="Rows of all its marts; null if its manifest cannot be read.")
    is_current: bool = Field(description="Whether readers see it.")
    is_pinned: bool = Field(description="Whether readers are kept on it (`loyalty versions pin`).")
    problem: str = Field(description="Why it cannot be used; empty if it can.")


class FreshnessReport(_Part):
    """Whether readers see the day that they should see."""

    published: date | None = Field(description="The day that readers see; null if nothing is published.")
    expected: date | None = Field(description="The day that `as_of` of the config asks for; null if it is not known.")
    days_behind: int | None = Field(
        description="Days by which published is behind expected; 0 if it is not; null if one is not known."
    )
    is_fresh: bool | None = Field(description="Whether published equals expected; null if expected is not known.")
    last_success_at: datetime | None = Field(
        description="When a run last succeeded, UTC; null if none did, or if `as_of` is a fixed day."
    )
    is_stale: bool = Field(
        description="Whether somebody should look (see why_stale); `loyalty status` then ends with 9."
    )
    why_stale: str = Field(
        description="Too many days behind or ahead, no successful run, or not usable; empty if it is not stale."
    )
    stale_after_days: int = Field(description="The setting; 0 means never.")
    problem: str = Field(description="Why expected is not known; empty if it is.")


class OutdatedSource(_Part):
    """What a source has landed with an older version of its mapping."""

    source: str
    folders: tuple[str, ...] = Field(description="Its folders in the inbox.")
    files: int = Field(description="Files that the mapping lands in another way now.")
    in_inbox: int = Field(description="Those of them that the next run lands again.")
    gone: tuple[str, ...] = Field(description="Those that are no longer in the inbox.")
    replaced: tuple[str, ...] = Field(description="Those whose name a later delivery has.")
    unmatched: tuple[str, ...] = Field(description="Landed files that the mapping does not take any more.")
    ignored: tuple[str, ...] = Field(description="Landed files that the mapping ignores now.")
    redeclared: int = Field(description="Landed files for which the mapping declares other `delivery` or `lines` now.")


class QuarantineCount(_Part):
    """Rows in quarantine by one rule; `loyalty quarantine rules` says what each rule means."""

    rule: str
    entity: str
    source: str
    open: int = Field(description="Rows that no later row has resolved.")
    resolved: int


class IssueCount(_Part):
    """A row of `rpt_data_issue`: what may make a number wrong."""

    issue: str
    severity: str = Field(description="warn or info.")
    source: str
    entity: str
    detail: str | None
    n_rows: int
    amount: Decimal | None = Field(description="The value at stake in the reporting currency; null if unknown.")
    is_amount_estimated: bool


class StatusReport(_Part):
    """The state of one home. Counts and names only, no personal data."""

    format: Literal[1] = Field(default=1, description="Changes with a name or a meaning below; new fields may come.")
    checked_at: datetime = Field(description="UTC.")
    home: str
    running: Running | None
    last_run: LastRun | None = Field(description="null before the first run.")
    versions: list[PublishedVersion] = Field(description="Sorted by day, newest first.")
    why_not_current: str = Field(
        description="Why readers do not see the version that the last run ended with; empty if they do, and for a day"
        " before the newest one."
    )
    freshness: FreshnessReport
    outdated_files: list[OutdatedSource] = Field(description="Empty while a run is active.")
    n_quarantine_reasons: int = Field(description="Rules by entity and source that have rows in quarantine.")
    quarantine: list[QuarantineCount] = Field(
        description="The eight reasons with most open rows; empty while a run is active and has the warehouse open."
        " `loyalty quarantine list --json` has them all."
    )
    data_issues: list[IssueCount] = Field(description="Of the last daily build; empty while a run is active.")
    pending_erasure: str | None = Field(description="The id of an erasure that was stopped half-way.")
    problems: list[str] = Field(description="Parts of this report that could not be read, and why.")


def running_report(holder: Holder) -> Running:
    """The active run, from the holder of the lock."""
    try:
        since = datetime.fromisoformat(holder.since)
    except ValueError:  # the run has not written its details yet
        since = None
    return Running(run_id=holder.run_id, pid=holder.pid, since=since)


def last_run_report(report: RunReport, *, is_held: bool) -> LastRun:
    """The last run. A run that is marked as running was killed if no process holds the lock."""
    land, staging, marts = report.counts("land"), report.counts("staging"), report.counts("publish")
    status = "killed" if report.status == "running" and not is_held else report.status
    return LastRun.model_validate(
        {
            "run_id": report.run_id,
            "status": status,
            "as_of": report.as_of,
            "build": report.kind,
            "started_at": report.started_at,
            "finished_at": report.finished_at or None,
            "rows": {
                "records": land.get("records", 0),
                "accepted": staging.get("accepted", 0),
                "quarantined": staging.get("quarantined", 0),
                "customers": marts.get("dim_customer", 0),
                "published": sum(marts.values()),
            },
            "version": Path(report.published).name or None,
            "is_current": report.is_current,
            "warnings": report.warnings,
            "error": report.error,
            "hint": report.hint,
        }
    )


def version_report(version: Version, pinned: str | None) -> PublishedVersion:
    """One version; `pinned` is the id of the pinned version."""
    manifest = version.manifest
    return PublishedVersion(
        id=version.id,
        as_of=version.as_of,
        published_at=manifest.published_at.astimezone(UTC) if manifest else None,
        rows=sum(version.rows.values()) if manifest else None,
        is_current=version.is_current,
        is_pinned=version.id == pinned,
        problem=version.problem,
    )


def freshness_report(found: Freshness, now: datetime) -> FreshnessReport:
    """Freshness at a time."""
    why = found.why_stale(now)
    return FreshnessReport(
        published=found.published,
        expected=found.expected,
        days_behind=found.days_behind,
        is_fresh=found.is_fresh,
        last_success_at=found.last_success_at,
        is_stale=bool(why),
        why_stale=why,
        stale_after_days=found.limit_days,
        problem=found.problem,
    )


def issue_count(issue: "DataIssue") -> IssueCount:
    """One data issue, without the texts that are the same in every home."""
    return IssueCount(**{name: getattr(issue, name) for name in IssueCount.model_fields})
