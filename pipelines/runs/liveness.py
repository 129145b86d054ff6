"""Whether the process of a run is still alive, on any host: each process holds an flock on its own file until it ends.

A process id means nothing on another host, and after a restart it can belong to another program. The lock of the home
does not show it either: a run that waits for that lock is alive too.
"""

import fcntl
import os
import re
import secrets
from pathlib import Path

_TOKEN = re.compile(r"[0-9a-f]{32}")
_held: dict[tuple[int, Path], str] = {}  # by process and folder; a fork is another process


def mark_alive(folder: Path) -> str:
    """Mark this process as alive until it ends, and remove the marks of ended processes.

    Args:
        folder: The folder of the marks of a home.

    Returns:
        The mark's name; the same for every call of this process.
    """
    own = (os.getpid(), folder)
    if own not in _held:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _held[own] = _hold_new(folder)
        _remove_ended(folder)
    return _held[own]


def is_alive(folder: Path, token: str) -> bool:
    """Whether the process that holds a mark is alive."""
    if not _TOKEN.fullmatch(token):
        return False
    try:
        descriptor = os.open(folder / token, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _hold_new(folder: Path) -> str:
    while True:
        token = secrets.token_hex(16)
        # never closed: the system releases the lock when the process ends, also after a kill
        descriptor = os.open(folder / token, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if (folder / token).exists():
            return token
        os.close(descriptor)  # another process removed it before it was locked


def _remove_ended(folder: Path) -> None:
    for path in folder.iterdir():
        if not _TOKEN.fullmatch(path.name):
            continue
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # another process removed it first
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)
