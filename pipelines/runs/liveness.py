"""Whether the process of a run still lives, on whatever host: each holds an flock on a file of its own until it ends.

A process number says nothing on another host, and after a restart it can belong to another program. The lock of the
home does not say it either: a run that waits for it lives too.
"""

import fcntl
import os
import re
import secrets
from pathlib import Path

_TOKEN = re.compile(r"[0-9a-f]{32}")
_held: dict[tuple[int, Path], str] = {}  # by process and folder; a fork is another process


def mark_alive(folder: Path) -> str:
    """Let this process count as alive from now until it ends; the marks of ended processes are removed.

    Args:
        folder: Where the marks of a home lie.

    Returns:
        The mark's name; the same for every call of this process.
    """
    own = (os.getpid(), folder)
    if own not in _held:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _held[own] = _hold_new(folder)
        _remove_left(folder)
    return _held[own]


def is_alive(folder: Path, token: str) -> bool:
    """Whether the process lives that holds a mark."""
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
        # never closed: the system lets go of it when the process ends, however that happens
        descriptor = os.open(folder / token, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if (folder / token).exists():
            return token
        os.close(descriptor)  # somebody removed it before it was locked


def _remove_left(folder: Path) -> None:
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
