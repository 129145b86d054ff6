"""A full disk and a memory limit too low: recognised in whatever error they come as, and told with what to do.

Nothing here acts on them: a run stops, and what was published stays.
"""

import errno
import re
from pathlib import Path

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from pipelines.base.errors import BuildError

_FULL = re.compile(r"no space left on device|disk quota exceeded|database or disk is full|not enough disk space", re.I)
_MEMORY = re.compile(r"out of memory|outofmemory|cannot allocate memory|failed to allocate", re.I)
_ERRNO = {errno.ENOSPC, errno.EDQUOT}
_ENGINES = (OSError, MemoryError, duckdb.Error, SQLAlchemyError)


def scarcity(words: str, home: Path) -> BuildError | None:
    """The error that an engine's words come down to; None where they speak of something else.

    Args:
        words: Of DuckDB, SQLite, dbt or the operating system.
        home: The home whose disk it is.
    """
    if _FULL.search(words):
        return BuildError(
            f"the disk is full: {home} needs more room than there is",
            hint="Make room, or move `home` to a larger disk, and run again. What was published before is untouched.",
        )
    if _MEMORY.search(words):
        return BuildError(
            "the memory limit is too low for this much data",
            hint="Raise `engine.memory_limit` in loyalty.yml, or lower `engine.threads`, and run again."
            " What was published before is untouched.",
        )
    return None


def scarcity_behind(problem: BaseException | None, home: Path) -> BuildError | None:
    """The same for an error, or for what it came of."""
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno in _ERRNO:
            return scarcity("no space left on device", home)
        if isinstance(problem, MemoryError):
            return scarcity("out of memory", home)
        if isinstance(problem, _ENGINES) and (found := scarcity(f"{type(problem).__name__}: {problem}", home)):
            return found
        problem = problem.__cause__ or problem.__context__
    return None
