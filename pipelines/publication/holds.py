"""Holds: while somebody reads a version, retention keeps it.

A hold is a shared lock (flock) on the version's folder. It needs no write access, and it ends with the process that has
it. Erasure and `loyalty versions delete` remove a version despite holds.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def hold(folder: Path) -> int:
    """Hold a version until the returned descriptor is closed.

    On a file system without locks (some network mounts) only the grace period of retention protects the version.

    Raises:
        FileNotFoundError: The version has been removed.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)  # waits while retention removes the folder
        if not os.path.samestat(os.fstat(handle), folder.stat()):
            raise FileNotFoundError(folder)
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextmanager
def unless_held(folder: Path) -> Iterator[bool]:
    """Whether nobody holds a version. If so, nobody can begin to hold it before the end of the block."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        is_free = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        except OSError:
            pass  # this file system has no locks
        yield is_free
    finally:
        os.close(handle)
