"""Opens DuckDB with the configured limits and without network access. No other module of this process opens it.

It also explains why a DuckDB file cannot be opened or read. dbt has its own connection with the same limits (see
dbt_project/profiles.yml).
"""

import atexit
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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
    """Set the limits of every connection that this process opens from now on. Reading loyalty.yml calls this.

    Args:
        memory_limit: The memory limit in DuckDB's format, such as `4GB`.
        threads: The number of threads of each connection.
    """
    _limits.update(memory_limit=memory_limit, threads=threads)


def connect(
    path: Path | None = None, *, read_only: bool = False, spill: Path | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or a database in memory.

    Args:
        path: The file, or None for a database in memory.
        read_only: Whether to open the file for reading only.
        spill: The folder for data that does not fit into memory. The default is beside the file. For a database in
            memory it is `.tmp` in the working directory.
        threads: Replaces the configured number of threads. Use 1 for small queries: they start faster.

    Raises:
        duckdb.Error: The file cannot be opened.
    """
    config: Config = {"autoinstall_known_extensions": False, **_limits}
    if threads is not None:
        config["threads"] = threads
    if spill is not None:
        config["temp_directory"] = str(spill)
    connection = duckdb.connect(":memory:" if path is None else str(path), read_only=read_only, config=config)
    _disable_progress_bar(connection)
    return connection


def _disable_progress_bar(connection: duckdb.DuckDBPyConnection) -> None:
    """Otherwise DuckDB prints it on standard output, among the results of a command."""
    connection.execute("set enable_progress_bar = false")


def another_connection(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same database, for another thread.

    It has its own temporary tables, and its own settings of the session: those that were set with `set` do not apply.
    """
    other = connection.cursor()
    _disable_progress_bar(other)
    return other


@contextmanager
def small_query_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for small queries that need no database of their own, such as the check of an expression.

    All of them share one database in memory, with one thread: to open a database takes longer than most of these
    queries. Only temporary tables and views may be created: they end with the connection. A forked process opens its
    own database, and has to end with `os._exit`, as those of `multiprocessing` do.
    """
    with another_connection(_shared_database(os.getpid(), str(_limits.get("memory_limit", "")))) as connection:
        yield connection


@cache
def _shared_database(process: int, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """The database of a process. The copy in a forked process would wait for threads that the fork did not copy.

    Another memory limit in the settings gives another database. Before they are read, DuckDB's default applies.
    """
    connection = connect(threads=1)

    def close() -> None:  # DuckDB can print a warning if a connection is still open when Python ends
        if os.getpid() == process:
            connection.close()

    atexit.register(close)
    return connection


@contextmanager
def open_to_read(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for reading only.

    Args:
        path: The DuckDB file. It must exist.

    Raises:
        LockError: Another process is writing to it.
        BuildError: It cannot be read.
    """
    try:
        with connect(path, read_only=True) as connection:
            yield connection
    except duckdb.IOException as problem:
        raise unusable(path, problem) from problem


def unusable(path: Path, problem: duckdb.IOException) -> LoyaltyError:
    """The error for a warehouse that DuckDB cannot open or read."""
    text = str(problem)
    if holder := lock_holder(text):
        return LockError(f"the warehouse is in use by {holder}: {path}", hint="wait until it ends, then try again")
    return scarcity(text, path.parent.parent) or BuildError(
        f"the warehouse {path} cannot be read: {text.partition(chr(10))[0]}",
        hint=f"move the file away (mv '{path}' '{path}.broken') and call `loyalty run`: it builds the warehouse again"
        " from the landed files",
    )


def is_broken(text: str) -> bool:
    """Whether DuckDB's error message reports a damaged file."""
    return _BROKEN.search(text) is not None


def lock_holder(text: str) -> str:
    """The process that has a DuckDB file open, from DuckDB's error message; empty for any other error."""
    if "lock" not in text.lower():
        return ""
    pid = _PID.search(text)
    return f"process {pid[1]}" if pid else "another process"
