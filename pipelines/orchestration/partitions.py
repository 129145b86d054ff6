"""The as-of days that can be published: one partition per day, in the configured zone, today included."""

from datetime import date

import dagster as dg

from pipelines.config.settings import Settings

EARLIEST = date(1900, 1, 1)


def as_of_days(settings: Settings, first: date | None = None) -> dg.DailyPartitionsDefinition:
    """The days from the first one that can be built to today.

    Args:
        settings: The settings in force; `first_day` has priority.
        first: The first day with an event; None if nothing is staged yet (then any day can be built).
    """
    start = settings.first_day or min(first or EARLIEST, settings.today())
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), timezone=settings.timezone, end_offset=1)


# Each backfilled day is a separate run: two builds at the same time would share one warehouse.
ONE_BY_ONE = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
