"""Runs that Dagster takes for running though their process is gone: a kill or a reboot leaves them so for ever, and the
queue, which lets one run go at a time, behind them.
"""

import os
import socket

import dagster as dg

from pipelines.orchestration.names import PROCESS_TAG
from pipelines.orchestration.processes import programs_of

_STARTED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


def process_tag() -> dict[str, str]:
    """The tag by which a run says that it is of this process: `host:pid`."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def end_dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Mark as failed every started run whose process is gone, and give them."""
    dead = [run for run in instance.get_runs(_STARTED) if _is_dead(run)]
    for run in dead:
        instance.report_run_failed(run, f"The process of this run ({run.tags[PROCESS_TAG]}) was killed.")
    return dead


def _is_dead(run: dg.DagsterRun) -> bool:
    host, _, pid = run.tags.get(PROCESS_TAG, "").rpartition(":")
    if host != socket.gethostname():
        return False  # it has only just begun, or is for another machine to judge
    # the number may long belong to something else
    return not any("python" in program for program in programs_of(int(pid))[:1])
