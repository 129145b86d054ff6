"""Dagster's own history does not grow for ever: old runs go, with the events that they wrote (megabytes a run)."""

import dagster as dg

# An ingest and a daily run a day: the last two months.
KEPT_RUNS = 120


def prune_history(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Remove the oldest finished runs.

    Args:
        instance: Dagster's.
        kept: How many runs stay, the newest.

    Returns:
        The number of runs removed.
    """
    old = [run for run in instance.get_runs()[kept:] if run.is_finished]
    for run in old:
        instance.delete_run(run.run_id)
    return len(old)
