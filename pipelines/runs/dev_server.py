"""One UI and one daemon per home: `loyalty dev` locks a file, and finds processes left over from a killed one.

Two daemons on one home would start every scheduled run twice. The lock is an flock on `<home>/state/dagster/serving`.
Dagster's process inherits its descriptor, so the lock ends with that process. Dagster's web server and daemon are
separate processes. They keep running if their parent is killed by SIGKILL; they are recognised by their environment.
No Dagster here.
"""

import fcntl
import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from pipelines.base.errors import ConfigError, LockError
from pipelines.config.home import Home
from pipelines.config.settings import HOME_VARIABLE

SERVING = "serving"
LOOPBACK = "127.0.0.1"
_PARTS = ("dagster_webserver", "dagster._daemon")


@dataclass(frozen=True)
class Server:
    """The process that serves a home.

    Attributes:
        pid: The process.
        port: The port of the UI, on 127.0.0.1.
        since: The start, UTC, ISO 8601.
    """

    pid: int
    port: int
    since: str

    def __str__(self) -> str:
        return f"http://{LOOPBACK}:{self.port} (pid {self.pid}, since {self.since})"


def claim_home(home: Home, port: int) -> None:
    """Become the process that serves a home, until this process or the program that replaces it ends.

    Args:
        home: The home; Dagster's folder exists.
        port: The port of the UI.

    Raises:
        LockError: Another process serves it, or processes are left over from a killed one; the message names them.
        ConfigError: The port is in use.
    """
    descriptor = os.open(home.dagster / SERVING, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        server = _read(descriptor)
        os.close(descriptor)
        raise LockError(
            f"the UI of this home is already served: {server or 'by a process that has just started'}",
            hint=f"open that address, or end it first: kill {server.pid}" if server else "try again in a moment",
        ) from held
    try:
        if leftover := leftover_processes(home.root):
            pids = " ".join(str(pid) for pid in leftover)
            raise LockError(
                f"processes left over from a killed `loyalty dev` still serve this home (pid {pids})",
                hint=f"end them first: kill {pids}",
            )
        _check_port(port)
    except (LockError, ConfigError):
        os.close(descriptor)
        raise
    server = Server(os.getpid(), port, datetime.now(UTC).isoformat(timespec="seconds"))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(server)).encode(), 0)
    # the program that replaces this process keeps the lock; its children do not inherit it
    os.set_inheritable(descriptor, True)


def leftover_processes(root: Path) -> list[int]:
    """Web servers and daemons of Dagster that serve a home, found by their command and environment."""
    found = []
    for process in psutil.process_iter():
        try:
            is_part = any(part in process.cmdline() for part in _PARTS)
            if is_part and process.environ().get(HOME_VARIABLE) == str(root):
                found.append(process.pid)
        except psutil.Error:  # it has ended, or belongs to another user
            continue
    return sorted(found)


def _read(descriptor: int) -> Server | None:
    try:
        return Server(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # as the web server does: a connection that was just closed does not block the port
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            raise ConfigError(
                f"port {port} of {LOOPBACK} cannot be used: {problem.strerror}",
                hint="choose another port: loyalty dev --port 3001",
            ) from problem
