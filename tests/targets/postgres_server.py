"""A server of PostgreSQL for tests: Debian's, in a folder of its own, on a Unix socket; and queries to it."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

OWNER = "owner"
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)


def program(name: str) -> str:
    """The path of a program of the server; Debian keeps them out of PATH."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if found is None:
        pytest.skip(f"PostgreSQL is not installed ({name}): apt-get install --no-install-recommends postgresql")
    return found


def skip_without_postgres(*, with_pulls: bool = False) -> None:
    """Skip the test if the server or the driver is not installed.

    Args:
        with_pulls: Whether the test also pulls from the server, by another driver.
    """
    program("initdb")
    if with_pulls:
        pytest.importorskip("adbc_driver_postgresql", reason="the driver of pulls is not installed: make setup-sql")
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed: make setup-postgres")


@contextmanager
def server(settings: Sequence[str] = ("fsync=off",), port: int | None = None) -> Iterator[str]:
    """Start a server that ends with the block, or with this process; yields the URI of its owner.

    Args:
        settings: Settings that differ from the server's own.
        port: A port of 127.0.0.1 on which it listens too; by default it has only the socket.
    """
    # not below pytest's folder, which only this user may enter, and whose path is too long for a socket
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_other: dict[str, Any] = {}
    if os.getuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    options = ["--auth=trust", f"--username={OWNER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    with (folder / "log").open("wb") as log:
        subprocess.run([program("initdb"), "-D", data, *options], stdout=log, check=True, cwd=folder, **as_other)
        listens = ("listen_addresses=",) if port is None else ("listen_addresses=127.0.0.1", f"port={port}")
        given = [f"-c{one}" for one in (f"unix_socket_directories={folder}", *listens, *settings)]
        process = subprocess.Popen(
            [program("postgres"), "-D", data, *given],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=lambda: _LIBC.prctl(_DIES_WITH_PARENT, signal.SIGQUIT),
            **as_other,
        )
    try:
        until = time.monotonic() + 60
        while b"ready to accept connections" not in (folder / "log").read_bytes():
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"postgresql:///postgres?host={folder}&port={port or 5432}&user={OWNER}"
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def connect(uri: str, **options: Any) -> Any:
    """A connection by psycopg."""
    import psycopg

    return psycopg.connect(uri, **options)


def execute(uri: str, *statements: str) -> None:
    """Execute statements, each in a transaction of its own."""
    with connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def query(uri: str, statement: str) -> list[Any]:
    """The rows of a query."""
    with connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
