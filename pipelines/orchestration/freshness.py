"""Whether what is published is of the day that it should be. No Dagster.

Never by the wall clock for historical data: a day fixed in the config is the day that it should be, and `latest` is the
last day with an event of a customer, or with a correction soon after it. Whether files still arrive is for the
landing's gate.
"""

from dataclasses import dataclass
from datetime import date

from pipelines.errors import LoyaltyError
from pipelines.orchestration.as_of import resolve_as_of
from pipelines.publication import list_versions
from pipelines.settings import Settings


@dataclass(frozen=True)
class Freshness:
    """How the published day stands to the day that it should be.

    Attributes:
        published: The as-of day of the current version; None where nothing is published.
        expected: The day that it should be by `as_of` of the config; None where it is not known.
        problem: Why it is not known.
    """

    published: date | None
    expected: date | None
    problem: str = ""

    @property
    def days_behind(self) -> int | None:
        """Days that the publication lags; None where either day is not known."""
        if self.published is None or self.expected is None:
            return None
        return max(0, (self.expected - self.published).days)

    @property
    def is_fresh(self) -> bool | None:
        """Whether it does not lag; None where the day that it should be is not known."""
        return None if self.expected is None else self.days_behind == 0

    def __str__(self) -> str:
        shown = f"published is {self.published or 'nothing'}"
        if self.expected is None:
            return f"{shown}; the day that it should be is not known: {self.problem}"
        if self.is_fresh:
            return f"{shown}, as it should be"
        behind = f": {self.days_behind} days behind" if self.days_behind else ""
        return f"{shown}, and should be {self.expected}{behind}"


def publication_freshness(settings: Settings, *, is_running: bool = False) -> Freshness:
    """The publication's freshness.

    Args:
        settings: The settings in force.
        is_running: Whether a run goes on: it holds the warehouse, so that `latest` cannot be asked for.
    """
    published = next((one.as_of for one in list_versions(settings.paths.published) if one.is_current), None)
    if is_running and settings.as_of == "latest":
        return Freshness(published, None, "a run goes on")
    try:
        return Freshness(published, resolve_as_of(settings))
    except LoyaltyError as problem:
        return Freshness(published, None, problem.message)
