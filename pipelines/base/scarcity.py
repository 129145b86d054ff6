"""Recognises a full disk, a file-size limit or a too low memory limit in any error, and says what to do.

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
# SQLite reports only this if it cannot extend a file. The free space and the file-size limit then show the cause.
_UNEXPLAINED = re.compile(r"disk i/o error", re.I)
_NO_SPACE_BYTES = 1 << 20
_MEMORY = re.compile(r"out of memory|outofmemory|cannot allocate memory|failed to allocate", re.I)
_ERRNO = {errno.ENOSPC, errno.EDQUOT}
_ENGINES = (OSError, MemoryError, duckdb.Error, sqlite3.Error)


def scarcity(words: str, place: Path) -> BuildError | None:
    """The error that an engine's message means; None if it is about something else.

    Args:
        words: A message of DuckDB, SQLite, dbt or the operating system.
        place: The home folder, or another folder or file that was written to. The error names it.
    """
    if _FULL.search(words) or (_UNEXPLAINED.search(words) and _free_bytes(place) < _NO_SPACE_BYTES):
        return BuildError(
            f"the disk is full, so {place} cannot be written",
            hint="Free some space on this disk, or write to a larger one (for a run: move `home` there), and run again."
            " The published version is unchanged.",
        )
    if _TOO_LARGE.search(words) or (_UNEXPLAINED.search(words) and _has_file_limit()):
        return BuildError(
            f"a write to {place} would make a file larger than this process or this file system allows",
            hint="Raise the limit on the size of files (`ulimit -f`, or LimitFSIZE of a systemd service), or write to a"
            " file system that allows larger files (FAT allows 4 GB; for a run: move `home` there), and run again. The"
            " published version is unchanged.",
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
            return scarcity("no space left on device", _written_place(problem, home))
        if isinstance(problem, OSError) and problem.errno == errno.EFBIG:
            return scarcity("file too large", _written_place(problem, home))
        if isinstance(problem, MemoryError):
            return scarcity("out of memory", home)
        if _is_of_an_engine(problem) and (found := scarcity(f"{type(problem).__name__}: {problem}", home)):
            return found
        problem = problem.__cause__ or problem.__context__
    return None


def _written_place(problem: OSError, home: Path) -> Path:
    """The file that could not be written, if it is outside the home: it may be on another disk. Otherwise the home."""
    if isinstance(problem.filename, str) and not Path(problem.filename).absolute().is_relative_to(home.absolute()):
        return Path(problem.filename).absolute()
    return home


def _is_of_an_engine(problem: BaseException) -> bool:
    """Whether an engine reports it. SQLAlchemy is recognised by its module, because to import it is slow."""
    return isinstance(problem, _ENGINES) or type(problem).__module__.startswith("sqlalchemy.")


def _free_bytes(place: Path) -> int:
    """Free space on the disk of a place, which may not exist yet."""
    existing = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def _has_file_limit() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
