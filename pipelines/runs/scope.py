"""What every step of a run shares: the settings, the lock, the record of the run and the dbt process.

No Dagster here; resources.py gives it to the steps.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.base.durable import PRIVATE, umask
from pipelines.base.errors import InternalError, LockError, LoyaltyError
from pipelines.base.stopping import stop_signal
from pipelines.base.unexpected import explanation, internal_error, write_traceback
from pipelines.config.home import Home
from pipelines.config.settings import Settings
from pipelines.landing import finish_replacement
from pipelines.privacy import finish_pending
from pipelines.publication.targets import TargetError
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import HeldLock, hold_lock, wait_for_warehouse
from pipelines.runs.log_file import LogFile
from pipelines.runs.logs import log_path, prune_logs
from pipelines.runs.notify import notify_end, notify_killed_before, notify_not_started
from pipelines.runs.recorder import Listener, Recorder, Silent
from pipelines.runs.stopped_run import stopped_run

log = logging.getLogger("loyalty.run")


@dataclass(frozen=True)
class RunScope:
    """One run while it holds the lock.

    Attributes:
        run_id: The run.
        settings: The settings in force.
        lock: The lock, held.
        recorder: The record of the run: its stages, counts and warnings.
        dbt: The dbt process, which starts when it is first needed.
        umask: The user's umask, for published files. Only the owner can read the other files of a run.
    """

    run_id: str
    settings: Settings
    lock: HeldLock
    recorder: Recorder
    dbt: DbtProcess
    umask: int = PRIVATE


def new_run_id() -> str:
    """A new run id, such as `1f0c9a7e-20240131T053000`. Its first part is also in the id of the published version."""
    return f"{secrets.token_hex(4)}-{datetime.now(UTC):%Y%m%dT%H%M%S}"


@contextmanager
def open_run(settings: Settings, run_id: str, listener: Listener | None = None) -> Iterator[RunScope]:
    """Wait for the lock, then hold it, with the log and the record of the run.

    Args:
        settings: The settings in force.
        run_id: The run.
        listener: Notified of what happens, and of the run that it waits for.

    Raises:
        LockError: A process that is not a run has the warehouse open and does not close it.
        Stopped: A signal has stopped the run.
        LoyaltyError: The run stopped for another reason; every other exception becomes a LoyaltyError.
    """
    notified = listener or Silent()
    paths = settings.paths

    def say(words: str) -> None:
        log.warning("run %s: %s", run_id, words)
        notified.stage_says("wait", words)

    # readers of published/ must be able to enter; only the owner can read folders with personal data
    paths.root.mkdir(mode=0o750, parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(hold_lock(paths.lock, run_id, say))
        except LockError as problem:
            notify_not_started(settings, run_id, problem)
            raise
        users = stack.enter_context(umask(PRIVATE))
        for folder in (paths.landing, paths.state, paths.exchange, paths.logs, paths.state / "tmp"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(_log_file(log_path(paths, run_id)))
        notify_killed_before(settings)
        recorder = Recorder(paths.last_run, run_id, notified)
        stack.enter_context(_recorded_end(settings, recorder))
        wait_for_warehouse(paths.warehouse, say)
        finish_replacement(paths.landing)
        try:
            finish_pending(settings, users, say)
        except TargetError as problem:  # the home is erased; the erasure stays pending until the target is too
            recorder.warn("prepare", f"an erasure could not be finished: {problem.message}. {problem.hint}")
        forget_lost_warehouse(paths)
        prune_logs(paths)
        dbt = stack.enter_context(DbtProcess(settings, lock))
        yield RunScope(run_id, settings, lock, recorder, dbt, users)


@contextmanager
def _recorded_end(settings: Settings, recorder: Recorder) -> Iterator[None]:
    """Record how a run ends, also if it fails before its first stage or between two stages, and notify of it.

    Raises:
        Stopped: For every exception after a signal.
        LoyaltyError: For every other exception; the traceback of an unexpected one is in the run's log.
    """
    log_file = log_path(settings.paths, recorder.report.run_id)
    try:
        yield
    except BaseException as problem:
        if (number := stop_signal()) is not None:
            recorder.fail(problem)
            raise stopped_run(number, settings.paths.published, recorder.report.run_id) from problem
        if isinstance(problem, KeyboardInterrupt):
            recorder.fail(problem)
        if not isinstance(problem, Exception):
            raise
        error = explanation(problem, settings.home) or internal_error(problem, log_file)
        recorder.fail(problem if isinstance(error, InternalError) else error)
        if error is problem:
            raise
        raise error from problem
    finally:
        failure = recorder.failure
        if failure is not None and not isinstance(failure, (LoyaltyError, KeyboardInterrupt)):
            write_traceback(log_file, failure)
        recorder.end()
        notify_end(settings, recorder)


def forget_lost_warehouse(paths: Home) -> None:
    """If the warehouse was removed, remove the records of its content too."""
    if not paths.warehouse.exists():
        for path in (paths.build_state, paths.build_plan, paths.marks):
            path.unlink(missing_ok=True)


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    handler = LogFile(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # libraries' warnings belong in the log, not between the lines of a run
    logging.captureWarnings(True)
    ours, warned = logging.getLogger("loyalty"), logging.getLogger("py.warnings")
    before = ours.level
    for logger in (ours, warned):
        logger.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger in (ours, warned):
            logger.removeHandler(handler)
        ours.setLevel(before)
        logging.captureWarnings(False)
        handler.close()
