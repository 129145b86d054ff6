"""Limits the size of Dagster's history: old runs are removed with all their records (megabytes per run)."""

import dagster as dg

from pipelines.orchestration.event_log import KeptOpenSqliteEventLog

# The last two months, with one ingest and one daily run per day.
KEPT_RUNS = 120


def prune_history(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Remove the oldest runs, and records of runs whose removal was interrupted.

    An old run without an end was killed, because only one run is active at a time, so it is removed too. Queued runs
    stay, however old they are.

    Args:
        instance: Dagster's instance.
        kept: How many of the newest runs stay.

    Returns:
        The number of runs removed.
    """
    events = instance.event_log_storage
    # read before the runs are listed: a run that starts in between is then listed, and its records are kept
    found = events.run_ids() if isinstance(events, KeptOpenSqliteEventLog) else set()
    runs = instance.get_runs()
    old = [run for run in runs[kept:] if run.status is not dg.DagsterRunStatus.QUEUED]
    for run in old:
        instance.delete_run(run.run_id)
    for run_id in found - {run.run_id for run in runs}:
        events.delete_events(run_id)
    return len(old)
