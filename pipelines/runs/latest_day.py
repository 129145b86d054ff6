"""The day that `latest` means, from the staged data, and the corrections that its build does not use.

Only events of customers count (`Entity.is_activity`), by their event column. Reference data, later times of a row
(closed, delivered), coverage and the dates of files do not count. Orders are not required: a survey or a CRM alone also
has a latest day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb

from pipelines.base.database import open_to_read
from pipelines.base.entities import ENTITIES, Entity
from pipelines.base.errors import BuildError

_ACTIVITIES = tuple(entity for entity in ENTITIES.values() if entity.is_activity)
_WINDOW_DAYS = (31, 366)  # the last month is tried first, then the last year, then all days


@dataclass(frozen=True)
class LaterCorrections:
    """Corrections that became known after the latest day, so that its build does not use them.

    Attributes:
        first_on: The first day on which one became known.
        last_on: The last such day until today; a build of this day uses all of them.
        n_rows: The number of corrections.
        entities: Their entities, separated by commas.
    """

    first_on: date
    last_on: date
    n_rows: int
    entities: str


@dataclass(frozen=True)
class LatestDay:
    """The day that `latest` means, and the row that determines it.

    Attributes:
        day: The day.
        entity: The entity of that row.
        source: The source of that row.
        is_correction: Whether the row is a correction (`updated_at`) and not an event.
        last_event_on: The last day with an event.
    """

    day: date
    entity: str
    source: str
    is_correction: bool
    last_event_on: date

    def __str__(self) -> str:
        kind = "correction" if self.is_correction else "event"
        last_event = f" (the last event was on {self.last_event_on})" if self.is_correction else ""
        return f"{self.day} is the latest day: the last {kind} is in {self.entity} of {self.source}{last_event}"


def latest_day(warehouse: Path, today: date, correction_days: int) -> LatestDay:
    """The last business day with an accepted event of a customer, or with a correction soon after it.

    Args:
        warehouse: The DuckDB file, staged.
        today: Today's business day; later days do not count.
        correction_days: How many days after the last event a correction still counts.

    Raises:
        BuildError: There is no such event by today, or nothing is staged.
        LockError: Another process writes to the warehouse.
    """
    written_at = warehouse.stat().st_mtime_ns if warehouse.exists() else 0
    return _latest_day(warehouse, written_at, today, correction_days)


@lru_cache(maxsize=1)  # a run asks several times
def _latest_day(warehouse: Path, _written_at: int, today: date, correction_days: int) -> LatestDay:
    with _staged(warehouse) as connection:
        # Comparing the versions of all keys takes long, and the recent days nearly always have the latest day.
        for after in _window_starts(_newest_event(connection, today)):
            found = _candidate(connection, today, correction_days, after)
            if found and (after is None or found.last_event_on > after):
                return found
    raise BuildError(
        f"no order, return, case, answer or other event of a customer until {today} was accepted,"
        " so there is no latest day to build",
        hint="deliver a file with events (lists of customers or products have none), see which rows were rejected"
        " (loyalty quarantine list), or give a day: --as-of 2024-01-31",
    )


def later_corrections(warehouse: Path, day: date, today: date) -> LaterCorrections | None:
    """The corrections of events until `day` that became known after it; None if there are none.

    A row is a correction if its key has an earlier version. The first version is always used,
    even if it became known late.

    Args:
        warehouse: The DuckDB file, staged.
        day: The day that is built.
        today: Today's business day.
    """
    counts = " union all ".join(_corrections_of(entity, position) for position, entity in enumerate(_ACTIVITIES))
    with _staged(warehouse) as connection:
        ((first_on, last_on, n_rows, entities),) = connection.execute(
            f"""
            select min(first_on), max(last_on), sum(n_rows), string_agg(entity, ', ' order by position)
            from ({counts})
            where n_rows > 0
            """,  # noqa: S608 (fixed names)
            {"day": day, "today": today},
        ).fetchall()
    return LaterCorrections(first_on, last_on, int(n_rows), entities) if n_rows else None


# staging keeps the business day of updated_at as the day on which the version became known
_UPDATED_ON = "case when updated_at is not null then effective_on end"


def _window_starts(newest: date | None) -> Iterator[date | None]:
    """The days after which rows are looked at, one after the other; None for all rows."""
    for days in _WINDOW_DAYS:
        if newest and newest > date.min + timedelta(days):
            yield newest - timedelta(days)
    yield None


def _newest_event(connection: duckdb.DuckDBPyConnection, today: date) -> date | None:
    """The last day until today with an event, even one that a later version replaced: `latest` is not after it."""
    days = " union all ".join(
        f"select max(event_on) as event_on from staging.{table} where event_on <= $today"  # noqa: S608 (fixed names)
        for table in (*(f"stg_{entity.name}" for entity in _ACTIVITIES), "stg_redelivered_row")
    )
    rows: list[tuple[date | None]] = connection.execute(
        f"select max(event_on) from ({days})",  # noqa: S608 (fixed names)
        {"today": today},
    ).fetchall()
    return rows[0][0]


def _candidate(
    connection: duckdb.DuckDBPyConnection, today: date, correction_days: int, after: date | None
) -> LatestDay | None:
    """The latest day by the rows that happened or became known after a day. It holds if its last event is after it."""
    # each table is reduced to a few rows per source and day of correction
    facts = " union all ".join(_facts_of(entity, position) for position, entity in enumerate(_ACTIVITIES))
    rows = connection.execute(
        f"""
        with facts as materialized ({facts}),

        last_event as (
            select max(event_on) as event_on from facts
        ),

        candidates as (
            select event_on as day, false as is_correction, position, entity, source
            from facts
            where event_on is not null
            union all
            select facts.updated_on, true, facts.position, facts.entity, facts.source
            from facts, last_event
            where
                facts.updated_on > last_event.event_on
                and facts.updated_on <= least(last_event.event_on + $correction_days, $today)
        )

        select day, entity, source, is_correction, last_event.event_on
        from candidates, last_event
        order by day desc, is_correction, position, source
        limit 1
        """,  # noqa: S608 (fixed names)
        {"today": today, "correction_days": correction_days, "after": after},
    ).fetchall()
    return LatestDay(*rows[0]) if rows else None


def _facts_of(entity: Entity, position: int) -> str:
    """The days of an entity's valid rows that happened or became known after `$after`; of all rows, if it is NULL.

    Rows that a later delivery has replaced do not count. Nor does the day of an event that a later version has moved to
    an earlier day: a wrong date must not stay the latest day for months.
    """
    same_key = " and ".join(f"later.{column} = versions.{column}" for column in ("source", *entity.key))
    return f"""
        select {position} as position, '{entity.name}' as entity, source,
            max(case when not is_moved then event_on end) as event_on, updated_on
        from (
            select source, event_on, {_UPDATED_ON} as updated_on,
                exists (
                    select 1 from staging.stg_{entity.name} as later
                    where
                        {same_key}
                        and later.effective_at > versions.effective_at
                        and later.effective_on <= $today
                        and later.event_on < versions.event_on
                ) as is_moved
            from staging.stg_{entity.name} as versions
            where
                coalesce(event_on <= $today, true)
                and ($after::date is null or event_on > $after or {_UPDATED_ON} > $after)
                and batch not in (select batch from staging.stg_batch where entity = '{entity.name}' and n_later > 0)
        )
        group by source, updated_on
        union all
        select {position}, '{entity.name}', source, max(event_on), null
        from staging.stg_redelivered_row
        where
            entity = '{entity.name}' and outcome in ('kept', 'appended') and is_last and is_accepted
            and event_on <= $today
        group by source
    """  # noqa: S608 (fixed names)


def _corrections_of(entity: Entity, position: int) -> str:
    same_key = " and ".join(f"earlier.{column} = later.{column}" for column in ("source", *entity.key))
    return f"""
        select {position} as position, '{entity.name}' as entity,
            min(effective_on) as first_on, max(effective_on) as last_on, count(*) as n_rows
        from staging.stg_{entity.name} as later
        where
            updated_at is not null
            and effective_on > $day
            and effective_on <= $today
            and coalesce(event_on <= $day, true)
            and exists (
                select 1 from staging.stg_{entity.name} as earlier
                where {same_key} and coalesce(earlier.effective_on < later.effective_on, true)
            )
    """  # noqa: S608 (fixed names)


@contextmanager
def _staged(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only, for queries of staging.

    Raises:
        BuildError: Nothing is staged.
    """
    if not warehouse.exists():
        raise BuildError(
            "nothing is staged yet, so there is no latest day", hint="run without --as-of first: loyalty run"
        )
    with open_to_read(warehouse) as connection:
        try:
            yield connection
        except duckdb.CatalogException as problem:
            raise BuildError(
                "events are not staged yet, so there is no latest day",
                hint="find out why staging failed (loyalty status), then: loyalty run",
            ) from problem
