"""Recognises a full disk, a limit on the size of files or a too low memory limit in any error, and explains what to do.

Nothing here handles these errors: the run stops, and the published version stays.
"""

import errno
import re
import resource
import shutil
import sqlite3
from pathlib import Path

import duckdb

from pipelines.base.errors import BuildError

_FULL = re.compile(r"no space left on device|disk quota exceeded|database or disk is full|not enough disk space", re.I)
_TOO_LARGE = re.compile(r"file too large", re.I)
# SQLite says no more than this if it cannot extend a file, so that the free space and the limit of the process decide.
_UNEXPLAINED = re.compile(r"disk i/o error", re.I)
_NO_SPACE_BYTES = 1 << 20
_MEMORY = re.compile(r"out of memory|outofmemory|cannot allocate memory|failed to allocate", re.I)
_ERRNO = {errno.ENOSPC, errno.EDQUOT}
_ENGINES = (OSError, MemoryError, duckdb.Error, sqlite3.Error)


def scarcity(words: str, home: Path) -> BuildError | None:
    """The error that an engine's message means; None if it is about something else.

    Args:
        words: A message of DuckDB, SQLite, dbt or the operating system.
        home: The home folder, or another place that was written to. It names the disk.
    """
    if _FULL.search(words) or (_UNEXPLAINED.search(words) and _free_bytes(home) < _NO_SPACE_BYTES):
        return BuildError(
            f"the disk is full: there is no space left for {home}",
            hint="Free some space on this disk, or write to a larger one (for a run: move `home` there), and run again."
            " The published version is unchanged.",
        )
    if _TOO_LARGE.search(words) or (_UNEXPLAINED.search(words) and _has_file_limit()):
        return BuildError(
            f"a file below {home} would become larger than this process or this file system allows",
            hint="Raise the limit on the size of files (`ulimit -f`, or LimitFSIZE of a systemd service), or move"
            " `home` to a file system without such a limit (that of FAT is 4 GB), and run again. The published version"
            " is unchanged.",
        )
    if _MEMORY.search(words):
        return BuildError(
            "the memory limit is too low for this much data",
            hint="Raise `engine.memory_limit` in loyalty.yml, or lower `engine.threads`, and run again."
            " The published version is unchanged.",
        )
    return None


def scarcity_behind(problem: BaseException | None, home: Path) -> BuildError | None:
    """Like `scarcity`, for an exception or one of the exceptions that caused it."""
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno in _ERRNO:
            return scarcity("no space left on device", _place(problem, home))
        if isinstance(problem, OSError) and problem.errno == errno.EFBIG:
            return scarcity("file too large", _place(problem, home))
        if isinstance(problem, MemoryError):
            return scarcity("out of memory", home)
        if _is_of_an_engine(problem) and (found := scarcity(f"{type(problem).__name__}: {problem}", home)):
            return found
        problem = problem.__cause__ or problem.__context__
    return None


def _place(problem: OSError, home: Path) -> Path:
    """The file that could not be written if it is outside the home, perhaps on another disk; otherwise the home."""
    if isinstance(problem.filename, str) and not Path(problem.filename).absolute().is_relative_to(home.absolute()):
        return Path(problem.filename).absolute()
    return home


def _is_of_an_engine(problem: BaseException) -> bool:
    """Whether an engine reports it. SQLAlchemy is recognised by its module, because to import it is slow."""
    return isinstance(problem, _ENGINES) or type(problem).__module__.startswith("sqlalchemy.")


def _free_bytes(home: Path) -> int:
    """Free space on the disk of a home, which may not exist yet."""
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def _has_file_limit() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
