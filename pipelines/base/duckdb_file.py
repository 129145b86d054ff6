"""Opening the warehouse to read it, and what is wrong where that fails, said so that a user can act on it.

No question is asked of it here, and nothing is written.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.base.errors import BuildError, LockError, LoyaltyError
from pipelines.base.scarcity import scarcity
from pipelines.config.parts import EngineSettings

_PID = re.compile(r"PID (\d+)")
_BROKEN = re.compile(
    r"not a valid DuckDB|corrupt|checksum|read enough bytes|no magic bytes|too small to be a parquet|deserializ", re.I
)


@contextmanager
def open_to_read(path: Path, engine: EngineSettings | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read only.

    Args:
        path: The DuckDB file, which is there.
        engine: What DuckDB may take; its defaults without it.

    Raises:
        LockError: Another process writes to it.
        BuildError: It cannot be read.
    """
    limits: Mapping[str, str | int] = (
        {"memory_limit": engine.memory_limit, "threads": engine.threads} if engine is not None else {}
    )
    try:
        with duckdb.connect(str(path), read_only=True, config=dict(limits)) as connection:
            yield connection
    except duckdb.IOException as problem:
        raise unusable(path, problem) from problem


def unusable(path: Path, problem: duckdb.IOException) -> LoyaltyError:
    """The error of a warehouse that DuckDB cannot open or read."""
    text = str(problem)
    if holder := lock_holder(text):
        return LockError(f"the warehouse is in use by {holder}", hint="try again when that has ended")
    return scarcity(text, path.parent.parent) or BuildError(
        f"the warehouse {path} cannot be read: {text.partition(chr(10))[0]}",
        hint=f"move it away, and run: `loyalty run` builds it anew from what has landed (mv '{path}' '{path}.broken')",
    )


def is_broken(text: str) -> bool:
    """Whether DuckDB's error says that a file is not what it should be."""
    return _BROKEN.search(text) is not None


def lock_holder(text: str) -> str:
    """Who holds a DuckDB file, by DuckDB's error; empty where the error is another one."""
    if "lock" not in text.lower():
        return ""
    pid = _PID.search(text)
    return f"process {pid[1]}" if pid else "another process"
