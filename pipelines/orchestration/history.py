"""Dagster's own history does not grow for ever: old runs go, with all that they wrote (megabytes a run)."""

import dagster as dg

from pipelines.orchestration.event_log import KeptOpenSqliteEventLog

# An ingest and a daily run a day: the last two months.
KEPT_RUNS = 120


def prune_history(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Remove the oldest runs, and what a removal that was killed left of others.

    A run that has not ended though as many newer ones have is dead: one runs at a time. Only what waits in the queue
    stays however old.

    Args:
        instance: Dagster's.
        kept: How many runs stay, the newest.

    Returns:
        The number of runs removed.
    """
    events = instance.event_log_storage
    # before the runs are listed: a run that begins meanwhile is listed, and so is not taken for a left-over
    found = events.run_ids() if isinstance(events, KeptOpenSqliteEventLog) else set()
    runs = instance.get_runs()
    old = [run for run in runs[kept:] if run.status is not dg.DagsterRunStatus.QUEUED]
    for run in old:
        instance.delete_run(run.run_id)
    for run_id in found - {run.run_id for run in runs}:
        events.delete_events(run_id)
    return len(old)
