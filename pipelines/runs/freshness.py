"""Whether what is published is of the day that it should be, or so old that somebody must know.

The published day is never compared with the clock for historical data: a day fixed in the config is the day that it
should be, and `latest` is the last day with an event of a customer, or with a correction soon after it. The clock only
tells for how long no run has succeeded. Whether files still arrive is for the landing's gate.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipelines.base.errors import LoyaltyError
from pipelines.config.settings import Settings
from pipelines.publication import Version, list_versions
from pipelines.runs.as_of import resolve_as_of
from pipelines.runs.recorder import read_report


@dataclass(frozen=True)
class Freshness:
    """How the published day stands to the day that it should be.

    Attributes:
        published: The as-of day of the current version; None where nothing is published.
        expected: The day that it should be by `as_of` of the config; None where it is not known.
        problem: Why it is not known.
        last_success_at: When a run last succeeded, with a zone; None where none did, or where runs are not expected
            because the day is fixed in the config.
        limit_days: Number of days from which it is stale; 0 switches off all checks of days, but not `fault`.
        max_days_after_data: How many days ahead it may be before it is stale; no later day is built without --force.
        fault: Why readers cannot use what is published; empty if they can, or nothing is published.
    """

    published: date | None
    expected: date | None
    problem: str = ""
    last_success_at: datetime | None = None
    limit_days: int = 0
    max_days_after_data: int = 0
    fault: str = ""

    @property
    def days_behind(self) -> int | None:
        """Days that the publication lags; None where either day is not known."""
        if self.published is None or self.expected is None:
            return None
        return max(0, (self.expected - self.published).days)

    @property
    def days_ahead(self) -> int:
        """Days by which the publication is later than it should be; 0 where either day is not known."""
        return max(0, (self.published - self.expected).days) if self.published and self.expected else 0

    @property
    def is_fresh(self) -> bool | None:
        """Whether it is of the day that it should be; None where that is not known."""
        return None if self.expected is None else self.published == self.expected

    def why_stale(self, now: datetime) -> str:
        """Which limit is exceeded, and by how much; empty if what is published is not stale, or nothing is published.

        Args:
            now: The time, with a zone.
        """
        if self.fault:
            return self.fault
        if self.published is None or not self.limit_days:
            return ""
        limit = f"(limit: {self.limit_days} days)"
        if (self.days_behind or 0) >= self.limit_days:
            return f"{self.published} is {self.days_behind} days behind {self.expected} {limit}"
        if self.days_ahead > self.max_days_after_data:
            return (
                f"{self.published} is {self.days_ahead} days ahead of {self.expected}"
                f" (max_days_after_data: {self.max_days_after_data})"
            )
        since = self.last_success_at
        if since is not None and now - since >= timedelta(days=self.limit_days):
            return f"no run has succeeded since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC {limit}"
        return ""

    def __str__(self) -> str:
        shown = f"published is {self.published or 'nothing'}"
        if self.expected is None:
            return f"{shown}; the day that it should be is not known: {self.problem}"
        if self.is_fresh:
            return f"{shown}, as it should be"
        behind = f": {self.days_behind} days behind" if self.days_behind else ""
        ahead = f": {self.days_ahead} days ahead" if self.days_ahead else ""
        return f"{shown}, and should be {self.expected}{behind}{ahead}"


def publication_freshness(settings: Settings, *, is_running: bool = False) -> Freshness:
    """The publication's freshness.

    Args:
        settings: The settings in force.
        is_running: Whether a run goes on: it holds the warehouse, so that `latest` cannot be asked for.
    """
    versions = list_versions(settings.paths.published)
    current = next((one for one in versions if one.is_current), None)
    published, limit = current.as_of if current else None, settings.stale_after_days
    fault = f"the version that readers see cannot be used: {current.problem}" if current and current.problem else ""
    if versions and not current:
        fault = "readers see no version"
    since = None if isinstance(settings.as_of, date) else _last_success(settings, current)

    def found(expected: date | None, problem: str = "") -> Freshness:
        return Freshness(published, expected, problem, since, limit, settings.max_days_after_data, fault)

    if is_running and settings.as_of == "latest":
        return found(None, "a run goes on")
    try:
        return found(resolve_as_of(settings))
    except LoyaltyError as problem:
        return found(None, problem.message)


def _last_success(settings: Settings, current: Version | None) -> datetime | None:
    """When a run last succeeded; a home restored without its state only knows when its version was published."""
    report = read_report(settings.paths.last_run)
    if report and report.last_success_at:
        return datetime.fromisoformat(report.last_success_at)
    return current.manifest.published_at if current and current.manifest else None
