"""The first and the last day with accepted events of customers, from the staged data.

A wrong year in one row must not extend the history by decades. So the first days are ignored as stray if they have few
events and a long time without any event follows.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.base.database import open_to_read
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError
from pipelines.config.settings import Settings
from pipelines.runs.build_state import EventDays, StagedState
from pipelines.runs.day_checks import check_day

# A shop may close for a season or a year. After two years without any event, a new history begins.
STRAY_GAP_DAYS = 730
# Placeholders such as 1900-01-01 are in a few percent of the rows at most.
STRAY_SHARE = 0.05

_ACTIVITIES = tuple(entity for entity in ENTITIES.values() if entity.is_activity)


def event_days(warehouse: Path, today: date) -> EventDays | None:
    """The days of the first and the last event until today; None if there is none.

    Args:
        warehouse: The DuckDB file, staged.
        today: Today's business day; later days do not count.
    """
    facts = [f"select event_on from staging.stg_{entity.name}" for entity in _ACTIVITIES]  # noqa: S608 (fixed names)
    with open_to_read(warehouse) as connection:
        days = connection.execute(
            f"""
            select event_on, count(*) from ({" union all ".join(facts)})
            where event_on <= $today
            group by event_on
            order by event_on
            """,  # noqa: S608 (fixed names)
            {"today": today},
        ).fetchall()
        ((covered_to,),) = connection.execute(
            "select max(covered_to) from staging.stg_coverage where covered_to <= ?", [today]
        ).fetchall()
    if not days:
        return None
    return EventDays(first_on=first_day(days), last_on=max(days[-1][0], covered_to or date.min))


def check_day_by_now(settings: Settings, staged: StagedState, day: date) -> None:
    """Like `check_day`, but before a day is refused, the first and last day with data are determined again.

    The recorded ones leave out events and coverage after the day of staging. Some of these days may have passed since.
    The clock may also have been wrong when the files were staged.

    Args:
        settings: The settings.
        staged: What is staged.
        day: The day to build.

    Raises:
        BuildError: The day is before the first event, or too long after the last one.
        LockError: Another process is writing to the warehouse.
    """
    limit, warehouse = settings.max_days_after_data, settings.paths.warehouse
    try:
        check_day(staged, day, limit)
    except BuildError:
        if not warehouse.is_file():
            raise
        try:
            events = event_days(warehouse, settings.today())
        except duckdb.CatalogException:  # the tables were removed since they were recorded
            events = staged.events
        if events == staged.events:
            raise
        check_day(staged.model_copy(update={"events": events}), day, limit)


def first_day(counts: Sequence[tuple[date, int]]) -> date:
    """The first day with an event that is not stray.

    Args:
        counts: Each day with an event and the number of its events, in the order of days; not empty.
    """
    total = sum(count for _, count in counts)
    first, before = counts[0][0], 0
    for (day, count), (following, _) in pairwise(counts):
        before += count
        if before > max(1, total * STRAY_SHARE):
            break
        if (following - day).days > STRAY_GAP_DAYS:
            first = following
    return first
