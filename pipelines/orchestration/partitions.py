"""The as-of days: one partition a day, in the configured zone, today included."""

import dagster as dg

FIRST_DAY = "2000-01-01"


def as_of_days(timezone: str) -> dg.DailyPartitionsDefinition:
    """Days that marts can speak of, from 2000 to today."""
    return dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=timezone, end_offset=1)


# Each backfilled day is a run of its own: two builds at once would share one warehouse.
ONE_BY_ONE = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
