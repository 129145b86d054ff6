"""Explains exceptions that are not a LoyaltyError: a full disk, a missing permission, a damaged database.

Every other exception is a fault of this program. Its traceback goes to a file and not to the screen, because it is
long, does not help a user, and can quote data.
"""

import errno
import os
import re
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from sqlalchemy.exc import DBAPIError

from pipelines.base.database import is_broken
from pipelines.base.errors import BuildError, ConfigError, InternalError, LoyaltyError
from pipelines.base.scarcity import scarcity_behind

_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP),
    errno.ENAMETOOLONG,
}
_MAY_PASS = {errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EBUSY, errno.EMFILE, errno.ENFILE}
_HISTORY = re.compile(r"malformed|not a database|unable to open|readonly|disk i/o error", re.I)
_SHOWN = 300


def explanation(problem: BaseException, home: Path) -> LoyaltyError | None:
    """The error that a user can act on; None if the exception is a fault of this program.

    Args:
        problem: Any exception.
        home: The home folder in which it happened.
    """
    if isinstance(problem, LoyaltyError):
        return problem
    if scarce := scarcity_behind(problem, home):
        return scarce
    if isinstance(problem, OSError) and problem.errno in _REFUSED | _MAY_PASS:
        where = f"{os.fsdecode(problem.filename)}: " if isinstance(problem.filename, str | bytes) else ""
        return ConfigError(
            f"{where}{problem.strerror}",
            hint="give the user who runs `loyalty` permission to read and write it, or use another file or folder",
        )
    if isinstance(problem, duckdb.Error) and is_broken(str(problem)):
        return BuildError(
            f"a database or a Parquet file is damaged: {_first_line(problem)}",
            hint=f"if the file is below {home / 'state'}, move it away and call `loyalty run`, which builds it again;"
            " if it is a landed file, restore it from a backup, or put the original file into the inbox again",
        )
    is_history = isinstance(problem.orig if isinstance(problem, DBAPIError) else problem, sqlite3.DatabaseError)
    if is_history and _HISTORY.search(str(problem)):
        folder = home / "state" / "dagster"
        return BuildError(
            f"Dagster's history in {folder} cannot be used: {_first_line(problem)}",
            hint=f"move the folder away (mv '{folder}' '{folder}.broken') and run again: it contains only the history"
            " of runs",
        )
    return None


@contextmanager
def explaining(home: Path) -> Iterator[None]:
    """Replace an exception by its explanation. It stays unchanged if there is none, or if a retry may succeed.

    Raises:
        LoyaltyError: For an exception that a user can act on.
    """
    try:
        yield
    except Exception as problem:
        found = explanation(problem, home)
        if found is None or found is problem or (isinstance(problem, OSError) and problem.errno in _MAY_PASS):
            raise
        raise found from problem


def internal_error(problem: BaseException, traceback_in: Path) -> InternalError:
    """The error for a fault of this program.

    Args:
        problem: The exception.
        traceback_in: The file that has, or will have, its traceback.
    """
    return InternalError(
        f"{type(problem).__name__}: {_first_line(problem)}",
        hint=f"This is a bug in Loyalty Marts, not in your files. The full traceback is in {traceback_in}: report the"
        " bug with this file, but read the file first, because it can quote data.",
    )


def write_traceback(path: Path, problem: BaseException) -> None:
    """Append an exception's traceback to a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(problem)))


def _first_line(problem: BaseException) -> str:
    line = str(problem).strip().partition("\n")[0]
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
