"""A delivered file as bytes: what it is, and whether it stays what it was. What the bytes mean is the readers'."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base.errors import InputError

State = tuple[int, int]
"""Size in bytes and time of the last change in ns."""


def state_of(path: Path) -> State:
    """The file's state; another one later means that it was written to in between.

    Raises:
        InputError: It is gone, or cannot be looked at.
    """
    with _readable():
        found = path.stat()
    return found.st_size, found.st_mtime_ns


def sha256_of(path: Path) -> str:
    """The hash of the file's bytes.

    Raises:
        InputError: It is gone, or cannot be read.
    """
    with _readable(), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", hint="Let the user who runs this read it, or take it out of the inbox."
        ) from error
