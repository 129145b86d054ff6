"""One run at a time: an flock on `<home>/lock`, held from a run's first step to its last.

The lock goes with the process that holds it, so a killed run leaves none behind; its dbt child may live on for a while
and hold the warehouse, which is waited for here too. No Dagster: resources.py wraps this.
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
# The module that is a run's dbt process (see dbt_server.py), as its command line names it.
DBT_PROGRAM = "pipelines.runs.dbt_server"
_LINE_BYTES = 512

Say = Callable[[str], None]


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Attributes:
        run_id: The run.
        pid: Its process.
        since: When it took the lock, UTC, ISO 8601.
        child_pid: The dbt process that it started last; 0 where none runs.
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
        descriptor: Of the locked file.
        holder: Who holds it.
    """

    def __init__(self, descriptor: int, holder: Holder) -> None:
        self._descriptor = descriptor
        self.holder = holder

    def note_child(self, pid: int) -> None:
        """Write down the dbt process that runs now (0 for none), for whoever comes after a kill."""
        self.holder = replace(self.holder, child_pid=pid)
        text = json.dumps(asdict(self.holder)).encode()
        # padded, not truncated first: who waits reads one line or the other
        os.pwrite(self._descriptor, text.ljust(_LINE_BYTES), 0)


@contextmanager
def hold_lock(
    path: Path, run_id: str, say: Say = log.info, patience: float = CHILD_PATIENCE_SECONDS
) -> Iterator[HeldLock]:
    """Wait until no other run holds the lock and no killed run's dbt goes on, then hold it.

    Args:
        path: `<home>/lock`.
        run_id: Who will hold it.
        say: Told once for whom it waits, whenever that changes.
        patience: Seconds to wait for a killed run's dbt.

    Raises:
        LockError: A killed run's dbt is still there; the message names its pid.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # not inherited: a child that outlives us must not keep the lock without anyone knowing its pid
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(descriptor, say)
        killed = read_holder(descriptor)
        held = HeldLock(descriptor, Holder(run_id, os.getpid(), datetime.now(UTC).isoformat(timespec="seconds")))
        if killed is not None and killed.child_pid:
            # whoever comes meanwhile waits for us, and must still find the dbt if we are killed too
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
    told = ""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = f"waiting for {read_holder(descriptor) or 'another run'}"
            if words != told:
                say(words)
                told = words
            time.sleep(POLL_SECONDS)
        else:
            return


def read_holder(descriptor: int) -> Holder | None:
    """Who wrote themselves into the lock file; None where nobody did."""
    with suppress(ValueError, TypeError):
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    return None


def current_holder(path: Path) -> Holder | None:
    """Who holds the lock right now; None where it is free."""
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
                hint=f"end it (kill {killed.child_pid}) and run again",
            )
        time.sleep(POLL_SECONDS)


def _runs_dbt(pid: int) -> bool:
    """Whether that process runs and is a run's dbt; its id may meanwhile belong to another program."""
    return DBT_PROGRAM in programs_of(pid)


def wait_for_warehouse(
    path: Path, say: Say = log.info, patience: float = CHILD_PATIENCE_SECONDS, *, read_only: bool = False
) -> None:
    """Wait until no other process has the warehouse open: a killed run's dbt, or somebody's DuckDB shell.

    Args:
        path: The DuckDB file; need not exist.
        say: Told once who holds it.
        patience: Seconds to wait.
        read_only: Whether the caller only reads: other readers are not waited for, and the file stays as it is.

    Raises:
        LockError: It is still held; the message names the process.
        BuildError: It cannot be opened.
    """
    deadline = time.monotonic() + patience
    told = False
    while path.exists():
        try:
            connect(path, read_only=read_only).close()
        except duckdb.IOException as problem:
            who = lock_holder(str(problem))
            if not who:
                raise unusable(path, problem) from problem
            if time.monotonic() > deadline:
                raise LockError(
                    f"{path} is still held by {who} after {patience:.0f} s",
                    hint="close what has it open"
                    + (f" (kill {pid})" if (pid := who.removeprefix("process ")).isdigit() else "")
                    + ", and run again",
                ) from problem
            if not told:
                say(f"waiting for {who}, which holds {path.name}")
                told = True
            time.sleep(POLL_SECONDS)
        else:
            return
