"""One run at a time: an flock on `<home>/lock`, held from the first step of a run to the last.

The lock ends with the process that holds it, so a killed run leaves no lock. But its dbt process may keep running for a
while with the warehouse open; this module waits for that too. No Dagster here: resources.py wraps this module.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.base.database import connect, lock_holder, unusable
from pipelines.base.errors import LockError
from pipelines.runs.processes import programs_of

log = logging.getLogger("loyalty.lock")

POLL_SECONDS = 0.2
CHILD_PATIENCE_SECONDS = 120.0
# The module of a run's dbt process (see dbt_server.py), as in its command line.
DBT_PROGRAM = "pipelines.runs.dbt_server"
_LINE_BYTES = 512

Say = Callable[[str], None]


@dataclass(frozen=True)
class Holder:
    """The run that holds the lock.

    Attributes:
        run_id: The run.
        pid: Its process.
        since: When it took the lock, UTC, ISO 8601.
        child_pid: The dbt process that it started last; 0 if none runs.
    """

    run_id: str
    pid: int
    since: str
    child_pid: int = 0

    def __str__(self) -> str:
        return f"run {self.run_id} (pid {self.pid}, since {self.since})"


class HeldLock:
    """The lock while this process holds it.

    Args:
        descriptor: The descriptor of the locked file.
        holder: The run that holds it.
    """

    def __init__(self, descriptor: int, holder: Holder) -> None:
        self._descriptor = descriptor
        self.holder = holder

    def note_child(self, pid: int) -> None:
        """Record the dbt process that runs now (0 for none), so that the next run finds it if this run is killed."""
        self.holder = replace(self.holder, child_pid=pid)
        text = json.dumps(asdict(self.holder)).encode()
        # padded instead of truncated first: a waiting run reads the old line or the new one, never half of one
        os.pwrite(self._descriptor, text.ljust(_LINE_BYTES), 0)


@contextmanager
def hold_lock(
    path: Path, run_id: str, say: Say = log.info, patience: float = CHILD_PATIENCE_SECONDS
) -> Iterator[HeldLock]:
    """Wait until no other run holds the lock and no dbt process of a killed run is active, then hold the lock.

    Args:
        path: `<home>/lock`.
        run_id: The run that will hold it.
        say: Called with what it waits for, once whenever that changes.
        patience: Seconds to wait for the dbt process of a killed run.

    Raises:
        LockError: The dbt process of a killed run is still active; the message names its pid.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # not inherited: a child that outlives this process must not keep the lock, because its pid would be unknown
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(descriptor, say)
        killed = read_holder(descriptor)
        held = HeldLock(descriptor, Holder(run_id, os.getpid(), datetime.now(UTC).isoformat(timespec="seconds")))
        if killed is not None and killed.child_pid:
            # other runs now wait for this one, and must still find the dbt process if this run is killed too
            held.note_child(killed.child_pid)
            try:
                _wait_for_child(killed, say, patience)
            except LockError:
                HeldLock(descriptor, killed).note_child(killed.child_pid)
                raise
        held.note_child(0)
        yield held
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, say: Say) -> None:
    reported = ""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"waiting for {read_holder(descriptor) or 'another run'}"
            if message != reported:
                say(message)
                reported = message
            time.sleep(POLL_SECONDS)
        else:
            return


def read_holder(descriptor: int) -> Holder | None:
    """The run recorded in the lock file; None if there is none."""
    with suppress(ValueError, TypeError):
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    return None


def current_holder(path: Path) -> Holder | None:
    """The run that holds the lock now; None if the lock is free."""
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_holder(descriptor) or Holder("unknown", 0, "unknown")
    finally:
        os.close(descriptor)
    return None


def _wait_for_child(killed: Holder, say: Say, patience: float) -> None:
    deadline = time.monotonic() + patience
    if _runs_dbt(killed.child_pid):
        say(f"waiting for dbt (pid {killed.child_pid}) of {killed}, which was killed")
    while _runs_dbt(killed.child_pid):
        if time.monotonic() > deadline:
            raise LockError(
                f"dbt (pid {killed.child_pid}) of {killed}, which was killed, still runs after {patience:.0f} s",
                hint=f"end that process (kill {killed.child_pid}) and run again",
            )
        time.sleep(POLL_SECONDS)


def _runs_dbt(pid: int) -> bool:
    """Whether that process runs and is the dbt process of a run; another program may have its id by now."""
    return DBT_PROGRAM in programs_of(pid)


def wait_for_warehouse(
    path: Path, say: Say = log.info, patience: float = CHILD_PATIENCE_SECONDS, *, read_only: bool = False
) -> None:
    """Wait until no other process has the warehouse open: the dbt process of a killed run, or a DuckDB shell.

    Args:
        path: The DuckDB file; it may be missing.
        say: Called once with the process that has it open.
        patience: Seconds to wait.
        read_only: Whether the caller only reads: it does not wait for other readers, and the file does not change.

    Raises:
        LockError: Another process still has it open; the message names the process.
        BuildError: It cannot be opened.
    """
    deadline = time.monotonic() + patience
    is_reported = False
    while path.exists():
        try:
            connect(path, read_only=read_only).close()
        except duckdb.IOException as problem:
            who = lock_holder(str(problem))
            if not who:
                raise unusable(path, problem) from problem
            if time.monotonic() > deadline:
                raise LockError(
                    f"{who} still has {path} open after {patience:.0f} s, so it cannot be used",
                    hint="end that process"
                    + (f" (kill {pid})" if (pid := who.removeprefix("process ")).isdigit() else "")
                    + ", and run again",
                ) from problem
            if not is_reported:
                say(f"waiting for {who}, which has {path.name} open")
                is_reported = True
            time.sleep(POLL_SECONDS)
        else:
            return
