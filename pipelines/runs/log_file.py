"""Writes the log of a run. A log that cannot be written does not change the result of the run."""

import logging
import sys
from contextlib import suppress
from pathlib import Path


class LogFile(logging.FileHandler):
    """A log file. If it cannot be written (the disk is full), one line on standard error says so.

    Python's own handler prints a traceback for each line that it cannot write, and fails when it is closed.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self._has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the file cannot be written. Other errors are reported as usual."""
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError):
            super().handleError(record)
        elif not self._has_failed:
            self._has_failed = True
            with suppress(OSError, ValueError):  # standard error may be closed, or on the same disk
                sys.stderr.write(f"warning the log {self.baseFilename} cannot be written: {problem.strerror}\n")

    def close(self) -> None:
        """Close the file. What it could not write is lost."""
        with suppress(OSError):
            super().close()
