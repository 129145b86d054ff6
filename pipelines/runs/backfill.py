"""A range of past days, one run per day, oldest first.

A day that is already published from the same data and code is skipped, so that the same command continues where it
stopped. What is published says which days these are; no other record is kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pipelines.base.errors import ConfigError, GateError, LoyaltyError
from pipelines.base.text import counted
from pipelines.config.settings import Settings
from pipelines.publication import list_versions
from pipelines.runs.build_state import read_state
from pipelines.runs.day_checks import check_aside
from pipelines.runs.event_days import check_day_by_now
from pipelines.runs.recorder import Listener, RunReport
from pipelines.runs.up_to_date import standing_version

Build = Callable[[Settings, date, Listener | None], RunReport]


class DayStatus(StrEnum):
    """The result of a day.

    Attributes:
        PUBLISHED: Built and published now.
        UNCHANGED: Published before, from the same files by the same code.
        FAILED: Its run failed.
    """

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True)
class DayOutcome:
    """One day of a backfill.

    Attributes:
        day: The day.
        status: Its result.
        version: The folder of its version; empty if it failed.
        problem: What stopped it.
    """

    day: date
    status: DayStatus
    version: str = ""
    problem: LoyaltyError | None = None


def days_between(settings: Settings, first: date, last: date) -> list[date]:
    """The days of a range, oldest first, checked before anything is built.

    Args:
        settings: The settings in force.
        first: The first day.
        last: The last day, which is included.

    Raises:
        ConfigError: The first day is after the last one, or retention would remove some of the days at once.
        BuildError: There is no daily build, a day is after it, or there is no data for a day (see `check_day`).
    """
    if first > last:
        raise ConfigError(f"{first} is after {last}", hint="give the earlier day with --from, the later with --to")
    state = read_state(settings.paths.build_state)
    check_aside(state, last)
    if state.staged is not None:
        for day in (first, last):
            check_day_by_now(settings, state.staged, day)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    standing = {one.as_of for one in list_versions(settings.paths.published) if one.manifest}
    kept = sorted(standing | set(days))[-settings.retention.days :]
    if gone := [day for day in days if day < kept[0]]:
        raise ConfigError(
            f"retention keeps {counted(settings.retention.days, 'as-of day')}, so {len(gone)} of the"
            f" {counted(len(days), 'day')}"
            f" ({gone[0]} to {gone[-1]}) would be removed as soon as they are built",
            hint=f"set retention.days to {len(standing | set(days))} or more in loyalty.yml, or choose later days",
        )
    return days


def backfill(
    settings: Settings,
    days: Sequence[date],
    build: Build,
    *,
    listener: Listener | None = None,
    on_day: Callable[[date, int], None] = lambda day, number: None,
) -> Iterator[DayOutcome]:
    """Build the days that are not published yet, one run per day. Other runs may take place between two days.

    A day that fails a check does not stop the others: it may be the only one with that fault. Any other failure ends
    the backfill, because the next day would have it too.

    Args:
        settings: The settings in force.
        days: Oldest first.
        build: Builds and publishes one day.
        listener: Notified of what happens in each run.
        on_day: Called with the day and its number from 1, before it is built.

    Yields:
        Each day's outcome.
    """
    for number, day in enumerate(days, start=1):
        if version := standing_version(settings, day):
            yield DayOutcome(day, DayStatus.UNCHANGED, str(version.path))
            continue
        on_day(day, number)
        try:
            report = build(settings, day, listener)
        except LoyaltyError as problem:
            yield DayOutcome(day, DayStatus.FAILED, problem=problem)
            if not isinstance(problem, GateError):
                return
        else:
            yield DayOutcome(day, DayStatus.PUBLISHED, report.published)
