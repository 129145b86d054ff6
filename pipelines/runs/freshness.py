"""Freshness: whether the published day is the expected day, and whether the publication is stale.

The expected day comes from `as_of` of the config. It is a fixed day, or `latest`: the last day with an event of a
customer, or with a correction soon after it. So historical data are not compared with the clock. The clock is only used
for the time since the last successful run. Whether files still arrive is checked by the landing gate.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipelines.base.errors import LoyaltyError
from pipelines.base.text import counted
from pipelines.config.settings import Settings
from pipelines.publication import Version, list_versions
from pipelines.runs.as_of import resolve_as_of
from pipelines.runs.recorder import read_report


@dataclass(frozen=True)
class Freshness:
    """The published day compared with the expected day.

    Attributes:
        published: The as-of day of the current version; None if nothing is published.
        expected: The day that should be published by `as_of` of the config; None if it is not known.
        problem: Why the expected day is not known.
        last_success_at: When a run last succeeded, with a zone; None if no run did, or if no runs are expected because
            the day is fixed in the config.
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
        """Days that the published day is behind the expected day; None if either is not known."""
        if self.published is None or self.expected is None:
            return None
        return max(0, (self.expected - self.published).days)

    @property
    def days_ahead(self) -> int:
        """Days that the published day is ahead of the expected day; 0 if either is not known."""
        return max(0, (self.published - self.expected).days) if self.published and self.expected else 0

    @property
    def is_fresh(self) -> bool | None:
        """Whether the published day is the expected day; None if that is not known."""
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
        limit = f"(limit: {counted(self.limit_days, 'day')})"
        if (self.days_behind or 0) >= self.limit_days:
            return f"{self.published} is {counted(self.days_behind or 0, 'day')} behind {self.expected} {limit}"
        if self.days_ahead > self.max_days_after_data:
            return (
                f"{self.published} is {counted(self.days_ahead, 'day')} ahead of {self.expected}"
                f" (max_days_after_data: {self.max_days_after_data})"
            )
        since = self.last_success_at
        if since is not None and now - since >= timedelta(days=self.limit_days):
            return f"no run has succeeded since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC {limit}"
        return ""

    def __str__(self) -> str:
        shown = f"published day: {self.published or 'none'}"
        if self.expected is None:
            return f"{shown}; the expected day is not known: {self.problem}"
        if self.is_fresh:
            return f"{shown}, as expected"
        behind = f": {counted(self.days_behind, 'day')} behind" if self.days_behind else ""
        ahead = f": {counted(self.days_ahead, 'day')} ahead" if self.days_ahead else ""
        return f"{shown}, expected day: {self.expected}{behind}{ahead}"


def publication_freshness(settings: Settings, *, is_running: bool = False) -> Freshness:
    """The publication's freshness.

    Args:
        settings: The settings in force.
        is_running: Whether a run is active: it has the warehouse open, so `latest` cannot be determined.
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
        return found(None, "a run is active")
    try:
        return found(resolve_as_of(settings))
    except LoyaltyError as problem:
        return found(None, problem.message)


def _last_success(settings: Settings, current: Version | None) -> datetime | None:
    """When a run last succeeded. In a home restored without its state: when the current version was published."""
    report = read_report(settings.paths.last_run)
    if report and report.last_success_at:
        return datetime.fromisoformat(report.last_success_at)
    return current.manifest.published_at if current and current.manifest else None
