"""The only place that opens DuckDB in this process: with the configured limits, and never with the network.

It also says what is wrong if a DuckDB file cannot be opened or read. dbt has its own connection, with the same limits
(see dbt_project/profiles.yml).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.base.errors import BuildError, LockError, LoyaltyError
from pipelines.base.scarcity import scarcity

Config = dict[str, str | bool | int | float | list[str]]

_PID = re.compile(r"PID (\d+)")
_BROKEN = re.compile(
    r"not a valid DuckDB|corrupt|checksum|read enough bytes|no magic bytes|too small to be a parquet|deserializ", re.I
)
_limits: Config = {}


def set_limits(memory_limit: str, threads: int) -> None:
    """Limit every connection that this process opens from now on. Reading loyalty.yml does this.

    Args:
        memory_limit: As DuckDB reads it, such as `4GB`.
        threads: Of each connection.
    """
    _limits.update(memory_limit=memory_limit, threads=threads)


def connect(
    path: Path | None = None, *, read_only: bool = False, spill: Path | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or a database in memory.

    Args:
        path: The file; None for a database in memory.
        read_only: Whether nothing may be written.
        spill: The folder for what does not fit into memory; by default beside the file, or `.tmp` below the working
            directory for a database in memory.
        threads: Instead of the configured number: 1 for small questions, which start faster without helpers.

    Raises:
        duckdb.Error: It cannot be opened.
    """
    config: Config = {"autoinstall_known_extensions": False, **_limits}
    if threads is not None:
        config["threads"] = threads
    if spill is not None:
        config["temp_directory"] = str(spill)
    return duckdb.connect(":memory:" if path is None else str(path), read_only=read_only, config=config)


@contextmanager
def open_to_read(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read only.

    Args:
        path: The DuckDB file, which exists.

    Raises:
        LockError: Another process writes to it.
        BuildError: It cannot be read.
    """
    try:
        with connect(path, read_only=True) as connection:
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
