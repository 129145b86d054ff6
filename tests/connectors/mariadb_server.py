"""A server of MariaDB for tests: Debian's, in a folder of its own, on a Unix socket; and statements to it."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)


def program(name: str) -> str:
    """The path of a program of the server; Debian keeps the server itself out of the PATH of users."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"MariaDB is not installed ({name}): apt-get install --no-install-recommends mariadb-server")
    return found


@contextmanager
def server(*settings: str) -> Iterator[str]:
    """Start a server that ends with the block, or with this process; yields the URI of its database `shop`.

    Args:
        settings: Options that differ from the server's own.
    """
    pytest.importorskip("pymysql", reason="the driver of MariaDB is not installed: make setup-sql")
    # not below pytest's folder, which only this user may enter, and whose path is too long for a socket
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    as_other: dict[str, Any] = {}
    if os.getuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    options = ["--no-defaults", f"--datadir={folder}/data"]
    socket = folder / "socket"
    with (folder / "log").open("wb") as log:
        install = [program("mariadb-install-db"), *options, "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db"], stdout=log, stderr=log, check=True, cwd=folder, **as_other)
        given = [f"--socket={socket}", f"--pid-file={folder}/pid", "--skip-networking", "--skip-log-bin"]
        fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0"]
        process = subprocess.Popen(
            [program("mariadbd"), *options, *given, *fast, *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=lambda: _LIBC.prctl(_DIES_WITH_PARENT, signal.SIGKILL),
            **as_other,
        )
    try:
        until = time.monotonic() + 60
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        uri = f"mysql://root@localhost/shop?unix_socket={socket}"
        execute(uri.replace("/shop", "/mysql"), "create database shop character set utf8mb4")
        yield uri
    finally:
        process.kill()  # its folder is removed
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def execute(uri: str, *statements: str) -> list[Any]:
    """Execute statements, each committed at once; gives the rows of the last one."""
    import pymysql
    import sqlalchemy as sa

    url = sa.make_url(uri)
    connection = pymysql.connect(
        unix_socket=str(url.query["unix_socket"]), user=url.username, database=url.database, autocommit=True
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())
