"""Between which days the accepted events of customers happened, by what is staged.

A wrong year in one row must not stretch history by decades: the first days count as stray if a long time without any
event follows them and they hold few events.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.runs.build_state import EventDays

# A shop may close for a season or a year; after two years without any event another history begins.
STRAY_GAP_DAYS = 730
# Placeholders such as 1900-01-01 stand in a few percent of the rows at most.
STRAY_SHARE = 0.05

_ACTIVITIES = tuple(entity for entity in ENTITIES.values() if entity.is_activity)


def event_days(warehouse: Path, today: date) -> EventDays | None:
    """The days of the first and the last event until today; None if there is none.

    Args:
        warehouse: The DuckDB file, staged.
        today: The business day that it is now; later days do not count.
    """
    facts = [f"select event_on from staging.stg_{entity.name}" for entity in _ACTIVITIES]  # noqa: S608 (names of ours)
    with connect(warehouse, read_only=True) as connection:
        days = connection.execute(
            f"""
            select event_on, count(*) from ({" union all ".join(facts)})
            where event_on <= $today
            group by event_on
            order by event_on
            """,  # noqa: S608 (names of ours)
            {"today": today},
        ).fetchall()
        ((covered_to,),) = connection.execute(
            "select max(covered_to) from staging.stg_coverage where covered_to <= ?", [today]
        ).fetchall()
    if not days:
        return None
    return EventDays(first_on=first_day(days), last_on=max(days[-1][0], covered_to or date.min))


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
