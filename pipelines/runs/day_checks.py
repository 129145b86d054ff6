"""Checks whether a day can be built from what is staged. Only the recorded state of the warehouse is read."""

from datetime import date

from pipelines.base.errors import BuildError
from pipelines.base.text import counted
from pipelines.runs.build_state import StagedState, WarehouseState

INGEST_FIRST = "run the job ingest first, or both jobs: loyalty run"


def check_day(staged: StagedState, day: date, max_days_after_data: int) -> None:
    """Do nothing if there is data for a day.

    Args:
        staged: What is staged.
        day: The day to build.
        max_days_after_data: How many days a day may be after the last event.

    Raises:
        BuildError: The day is before the first event, or too long after the last one.
    """
    force = "; to build it anyway: loyalty run --force (in Dagster: the run tag loyalty/force: true)"
    if staged.events is None:
        raise BuildError(
            f"no event of a customer was accepted, so there is nothing to build for {day}",
            hint=f"see what was rejected: loyalty quarantine list{force}",
        )
    first, last = staged.events.first_on, staged.events.last_on
    if day < first:
        raise BuildError(
            f"{day} is before {first}, the first day with an event", hint=f"build {first} or a later day{force}"
        )
    if (days := (day - last).days) > max_days_after_data:
        raise BuildError(
            f"the data ends on {last}, {counted(days, 'day')} before {day}: all customers would seem to have"
            " stopped buying",
            hint=f"deliver the missing files, build {last}, or raise max_days_after_data (now {max_days_after_data})"
            f" in loyalty.yml{force}",
        )


def check_aside(state: WarehouseState, day: date) -> None:
    """Do nothing if a day can be backfilled.

    Raises:
        BuildError: There is no daily build, or the day is after it.
    """
    if state.built is None:
        raise BuildError(
            "there is no daily build yet, so no earlier day can be built", hint="run a daily build first: loyalty run"
        )
    if day > state.built.as_of:
        raise BuildError(
            f"{day} is after {state.built.as_of}, the day of the daily build",
            hint=f"backfills build earlier days only; to build this day: loyalty run --as-of {day}",
        )
