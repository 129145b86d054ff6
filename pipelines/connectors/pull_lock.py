"""One pull of a source at a time: an flock in the folder of its unfinished pull. It ends with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base.errors import LockError


@contextmanager
def hold_pull_lock(work: Path) -> Iterator[None]:
    """Hold the lock of a source.

    Raises:
        LockError: Another process pulls this source.
    """
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(work / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise LockError(
                f"another process pulls `{work.name}`",
                hint="wait until that process has finished, then call the command again",
            ) from problem
        yield
    finally:
        os.close(descriptor)
