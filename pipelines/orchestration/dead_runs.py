"""Dead runs: Dagster shows them as running, but their process has ended (a kill, a reboot).

Dagster never ends them by itself, and the queue starts one run at a time. So a dead run blocks all runs behind it.
"""

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.orchestration.names import PROCESS_TAG
from pipelines.runs.liveness import is_alive, mark_alive

# The process of a run sets its tag when it opens the run, seconds after Dagster has started it. On a busy machine the
# first loading of the project takes minutes.
BEGINS_WITHIN = timedelta(minutes=30)
_ACTIVE = dg.RunsFilter(
    statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
)


def process_tag(folder: Path) -> dict[str, str]:
    """The tag that connects a run with this process: `host:pid/mark`.

    Args:
        folder: The folder of the marks of the home (see liveness.py).
    """
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}/{mark_alive(folder)}"}


def end_dead_runs(instance: dg.DagsterInstance, folder: Path, now: datetime | None = None) -> list[dg.DagsterRun]:
    """Mark every run as failed that is active in Dagster but whose process has ended, and return these runs.

    Args:
        instance: Dagster's instance.
        folder: The folder of the marks of the home.
        now: The time, with a zone.
    """
    time = now or datetime.now(UTC)
    dead = [record.dagster_run for record in instance.get_run_records(_ACTIVE) if _is_dead(record, folder, time)]
    for run in dead:
        process = run.tags.get(PROCESS_TAG, "").partition("/")[0] or "unknown"
        instance.report_run_failed(run, f"The process of this run ({process}) has ended without ending the run.")
    return dead


def _is_dead(record: dg.RunRecord, folder: Path, now: datetime) -> bool:
    mark = record.dagster_run.tags.get(PROCESS_TAG, "").partition("/")[2]
    return not is_alive(folder, mark) if mark else now - record.update_timestamp > BEGINS_WITHIN
