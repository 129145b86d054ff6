"""Which signal has asked this process to stop: SIGINT (Ctrl-C), or SIGTERM (kill, timeout, the end of a service).

Dagster replaces the handlers of both signals while it runs a job, and DuckDB turns an interrupt into a RuntimeError. So
an exception does not show that a signal was the cause, and no exception shows which signal it was. Python also writes
the number of each signal to a descriptor, whichever handler is in force. This module reads it from there.

Only the command line calls `listen`. In other processes (Dagster's own, tests) no signal is recorded.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)
# `timeout` sends its signal to the program and to its group: both count as one, and must not interrupt the cleaning up
_ONE_STOP_SECONDS = 1.0

_DUCKDB_INTERRUPTED = "Query interrupted"
_HINT = "call the same command again"


class Stopped(KeyboardInterrupt):
    """A signal has stopped the command.

    Args:
        message: What was stopped by which signal, and what is published.
        hint: How to go on.
        number: The signal.
    """

    def __init__(self, message: str, hint: str, number: signal.Signals) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = 128 + number  # the convention of shells


class _Record:
    """The signals that have arrived. There is one record per process, as there is one set of handlers."""

    def __init__(self) -> None:
        self.heard: tuple[signal.Signals, ...] = ()
        self.descriptor = -1
        self.first: signal.Signals | None = None
        self.raised_at = float("-inf")

    def stop_signal(self) -> signal.Signals | None:
        """The first signal that has arrived."""
        if self.descriptor >= 0 and self.first is None:
            with suppress(BlockingIOError):
                numbers = os.read(self.descriptor, 64)
                self.first = next((one for number in numbers for one in self.heard if one == number), None)
        return self.first


_record = _Record()


def listen() -> None:
    """Record SIGINT and SIGTERM from now on, and raise KeyboardInterrupt for each of them.

    A signal that the caller of the program ignores stays without effect: shells start background jobs with SIGINT
    ignored. It gets a handler too, because Dagster copies the handler of SIGINT to SIGTERM.
    """
    _record.heard = tuple(one for one in _STOPS if signal.getsignal(one) is not signal.SIG_IGN)
    _record.descriptor, written = os.pipe()
    for descriptor in (_record.descriptor, written):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    for one in _STOPS:
        signal.signal(one, _handle)
    show = sys.unraisablehook
    # Python prints an interrupt that it cannot raise, for example in a callback of the garbage collector. Dagster's
    # handlers raise an exception of their own there. The signal is recorded anyway
    sys.unraisablehook = lambda seen: None if seen.exc_value and is_interrupt(seen.exc_value) else show(seen)


def stop_signal() -> signal.Signals | None:
    """The signal that has asked this process to stop; None if there is none, or if nobody listens."""
    return _record.stop_signal()


def go_on() -> None:
    """Stop if a signal has arrived. Call it between two steps of long work in which Python raises no exception.

    Raises:
        Stopped: A signal has arrived.
    """
    if (number := stop_signal()) is not None:
        raise stopped(number)


def signal_words(number: signal.Signals) -> str:
    """A signal as users know it."""
    return "Ctrl-C (SIGINT)" if number == signal.SIGINT else number.name


def is_interrupt(problem: BaseException) -> bool:
    """Whether an exception is the consequence of a signal: any exception after one, and DuckDB's own."""
    if stop_signal() is not None or isinstance(problem, KeyboardInterrupt):
        return True
    return isinstance(problem, RuntimeError) and str(problem) == _DUCKDB_INTERRUPTED


def stopped(number: signal.Signals, what: str = "", hint: str = "") -> Stopped:
    """The exception for a command that a signal has stopped.

    Args:
        number: The signal.
        what: What had been done by then.
        hint: How to go on.
    """
    return Stopped(f"stopped by {signal_words(number)}{what and f': {what}'}", hint or _HINT, number)


def _handle(number: int, _: FrameType | None) -> None:
    if number in _record.heard and time.monotonic() - _record.raised_at > _ONE_STOP_SECONDS:
        _record.raised_at = time.monotonic()
        raise KeyboardInterrupt
