"""A server of PostgreSQL for tests: Debian's, in a folder of its own, on a Unix socket. No test stands here."""

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

OWNER = "owner"
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)


def program(name: str) -> str:
    """The path of a program of the server; Debian keeps them out of PATH."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    assert found, f"{name} is missing: apt-get install --no-install-recommends postgresql"
    return found


@contextmanager
def server() -> Iterator[str]:
    """Start a server that ends with the block, or with this process; yields the URI of its owner."""
    # not below pytest's folder, which only this user may enter, and whose path is too long for a socket
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_other = {}
    if os.getuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    options = ["--auth=trust", f"--username={OWNER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    with (folder / "log").open("wb") as log:
        subprocess.run([program("initdb"), "-D", data, *options], stdout=log, check=True, cwd=folder, **as_other)  # type: ignore[call-overload]
        settings = [f"-cunix_socket_directories={folder}", "-clisten_addresses=", "-cfsync=off"]
        process = subprocess.Popen(  # type: ignore[call-overload]
            [program("postgres"), "-D", data, *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=lambda: _LIBC.prctl(_DIES_WITH_PARENT, signal.SIGQUIT),
            **as_other,
        )
    try:
        until = time.monotonic() + 60
        while not (folder / ".s.PGSQL.5432").exists():
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"postgresql:///postgres?host={folder}&user={OWNER}"
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
