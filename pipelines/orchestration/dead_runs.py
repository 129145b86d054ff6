"""Runs that Dagster takes for running though their process is gone: a kill or a reboot leaves them so for ever, and the
queue, which lets one run go at a time, behind them.
"""

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.orchestration.names import PROCESS_TAG
from pipelines.runs.liveness import is_alive, mark_alive

# A run's process says who it is when it opens the run, seconds after Dagster has started it. Loading the project for
# the first time on a busy machine takes minutes.
BEGINS_WITHIN = timedelta(minutes=30)
_GOING_ON = dg.RunsFilter(
    statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
)


def process_tag(folder: Path) -> dict[str, str]:
    """The tag by which a run says that it is of this process: `host:pid/mark`.

    Args:
        folder: Where the marks of the home lie (see alive.py).
    """
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}/{mark_alive(folder)}"}


def end_dead_runs(instance: dg.DagsterInstance, folder: Path, now: datetime | None = None) -> list[dg.DagsterRun]:
    """Mark as failed every run that goes on for Dagster and whose process is gone, and give them.

    Args:
        instance: Dagster's.
        folder: Where the marks of the home lie.
        now: The time, with a zone.
    """
    time = now or datetime.now(UTC)
    dead = [record.dagster_run for record in instance.get_run_records(_GOING_ON) if _is_dead(record, folder, time)]
    for run in dead:
        process = run.tags.get(PROCESS_TAG, "").partition("/")[0] or "which never said who it is"
        instance.report_run_failed(run, f"The process of this run ({process}) has ended without ending the run.")
    return dead


def _is_dead(record: dg.RunRecord, folder: Path, now: datetime) -> bool:
    mark = record.dagster_run.tags.get(PROCESS_TAG, "").partition("/")[2]
    return not is_alive(folder, mark) if mark else now - record.update_timestamp > BEGINS_WITHIN
