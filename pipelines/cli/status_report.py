"""The output of `loyalty status --json`: its model, documented in docs/status.schema.json, and how it is filled.

Monitoring depends on the names: if a name or a meaning changes, `format` gets a new number.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config.settings import Settings
from pipelines.publication import Version, n_restated
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
    pid: int = Field(description="Process id of the run.")
    since: datetime | None = Field(description="When the run started, UTC.")


class RunRows(_Part):
    """Counts of the run."""

    records: int = Field(description="Records in the files that the run landed.")
    accepted: int = Field(description="Rows that staging accepted.")
    quarantined: int = Field(description="Rows that staging rejected and put into quarantine.")
    customers: int = Field(description="Customers in the published marts.")
    published: int = Field(description="Rows of all published marts.")


class LastRun(_Part):
    """The last run, which may still be active."""

    run_id: str
    status: RunStatus = Field(
        description="running; published; unchanged (the day was already published from the same data and code);"
        " ended (finished without a publication, as a run of ingest alone does); failed; killed."
    )
    as_of: date | None = Field(description="The day that the run built; null if it stopped before a day was chosen.")
    build: str = Field(description="full, incremental or backfill; empty if nothing was built.")
    started_at: datetime = Field(description="When the run started, UTC.")
    finished_at: datetime | None = Field(description="When the run ended, UTC; null if it is active or was killed.")
    rows: RunRows
    version: str | None = Field(description="Id of the version that the run ended with; null if there is none.")
    is_current: bool = Field(description="Whether readers saw this version when the run ended.")
    warnings: list[str]
    error: str = Field(description="The error that stopped the run; empty if there was none.")
    hint: str = Field(description="What to do about the error.")


class PublishedVersion(_Part):
    """One published version that is kept."""

    id: str
    as_of: date
    published_at: datetime | None = Field(
        description="When it was published, UTC; null if its manifest cannot be read."
    )
    rows: int | None = Field(description="Rows in all its marts; null if its manifest cannot be read.")
    n_restated: int | None = Field(
        default=None, description="Past figures that it corrected (restatement.json); null if it has no such file."
    )
    is_current: bool = Field(description="Whether readers see this version.")
    is_pinned: bool = Field(description="Whether readers stay on this version (`loyalty versions pin`).")
    problem: str = Field(description="Why the version cannot be used; empty if it can.")


class FreshnessReport(_Part):
    """Whether the published day is the expected day."""

    published: date | None = Field(description="The day that readers see; null if nothing is published.")
    expected: date | None = Field(description="The day that `as_of` in the config gives; null if it is unknown.")
    days_behind: int | None = Field(
        description="Days from published to expected; 0 if published is not earlier; null if one is unknown."
    )
    is_fresh: bool | None = Field(description="Whether published equals expected; null if expected is unknown.")
    last_success_at: datetime | None = Field(
        description="When a run last succeeded, UTC; null if no run has, or if `as_of` is a fixed day."
    )
    is_stale: bool = Field(
        description="Whether somebody must act (see why_stale); if true, `loyalty status` ends with exit code 9."
    )
    why_stale: str = Field(
        description="The reason: too many days behind or ahead, no successful run, or not usable; empty if not stale."
    )
    stale_after_days: int = Field(
        description="The setting `stale_after_days`; if it is 0, only a publication that cannot be used is stale."
    )
    problem: str = Field(description="Why expected is unknown; empty if it is known.")


class OutdatedSource(_Part):
    """Files of a source that were landed with an earlier version of its mapping."""

    source: str
    folders: tuple[str, ...] = Field(description="Folders of the source's inboxes.")
    files: int = Field(description="Files that the current mapping would land differently.")
    in_inbox: int = Field(description="Number of these files that are in the inbox: the next run lands them again.")
    gone: tuple[str, ...] = Field(description="Names of these files that are no longer in the inbox.")
    replaced: tuple[str, ...] = Field(
        description="Names of these files for which a later delivery has the same name, each with its earlier day."
    )
    unmatched: tuple[str, ...] = Field(
        description="Names of landed files that are not in the inbox and that no entry of the current mapping matches."
    )
    ignored: tuple[str, ...] = Field(
        description="Names of landed files in the inbox that the current mapping ignores; the next run refuses them."
    )
    redeclared: int = Field(
        description="Landed files for which the current mapping declares another `delivery` or `lines`."
    )
    cause: str = Field(description="What has changed since they were landed: the mapping, or also look-ups.")


class QuarantineCount(_Part):
    """Rows rejected by one rule, per entity and source; `loyalty quarantine rules` explains each rule."""

    rule: str
    entity: str
    source: str
    open: int = Field(description="Rows that no later row has resolved yet.")
    resolved: int


class IssueCount(_Part):
    """A row of `rpt_data_issue`: what may make a number wrong."""

    issue: str
    severity: str = Field(description="warn or info.")
    source: str
    entity: str
    detail: str | None
    n_rows: int
    amount: Decimal | None = Field(description="Value at stake in the reporting currency; null if unknown.")
    is_amount_estimated: bool


class PulledStatus(_Part):
    """A source that is pulled."""

    source: str
    connector: str
    last_complete_at: datetime | None = Field(description="When a pull last read every object, UTC; null if none did.")
    is_stale: bool = Field(description="Whether that is `stale_after_hours` ago or more.")
    records: int = Field(description="New records of the last pull.")
    messages: list[str] = Field(description="What the last pull could not read, and its warnings.")


class StatusReport(_Part):
    """The state of one home: counts and names only, no personal data."""

    format: Literal[1] = Field(
        default=1, description="Changes if a field's name or meaning changes; new fields may be added without a change."
    )
    checked_at: datetime = Field(description="When this report was made, UTC.")
    home: str
    running: Running | None
    last_run: LastRun | None = Field(description="Null before the first run.")
    versions: list[PublishedVersion] = Field(description="Sorted by day, newest first.")
    why_not_current: str = Field(
        description="Why readers do not see the version that the last run ended with; empty if they see it, or if its"
        " day is before the newest one."
    )
    freshness: FreshnessReport
    pulls: list[PulledStatus] = Field(description="The sources with `pull`, in the order of the config.")
    outdated_files: list[OutdatedSource] = Field(description="Empty while a run is active.")
    n_quarantine_reasons: int = Field(
        description="Number of combinations of rule, entity and source with rows in quarantine."
    )
    quarantine: list[QuarantineCount] = Field(
        description="The eight reasons with the most open rows; empty while a run is active and has the warehouse open."
        " `loyalty quarantine list --json` lists all reasons."
    )
    data_issues: list[IssueCount] = Field(
        description="Data issues of the last daily build; empty while a run is active."
    )
    pending_erasure: str | None = Field(
        description="Id of an erasure that was interrupted and is not complete; null if there is none."
    )
    problems: list[str] = Field(description="Parts of this report that could not be read, with the reason.")


def pulled_status(settings: Settings, now: datetime) -> list[PulledStatus]:
    """The pulled sources.

    Raises:
        ConfigError: A mapping cannot be used.
    """
    from pipelines.connectors.pull_report import is_stale, last_pull
    from pipelines.connectors.pulled_source import pulled_sources

    found = []
    for source in pulled_sources(settings):
        report = last_pull(source)
        found.append(
            PulledStatus(
                source=source.name,
                connector=source.settings.connector,
                last_complete_at=report.last_complete_at if report else None,
                is_stale=is_stale(source, report, now),
                records=report.records if report else 0,
                messages=report.words if report else [],
            )
        )
    return found


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
        n_restated=n_restated(version),
        is_current=version.is_current,
        is_pinned=version.id == pinned,
        problem=version.problem,
    )


def freshness_report(found: Freshness, now: datetime) -> FreshnessReport:
    """Freshness at the time `now`."""
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
