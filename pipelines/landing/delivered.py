"""A delivered file as bytes: its hash, and whether it changes. The readers interpret the bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base import durable
from pipelines.base.errors import InputError

State = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""


def state_of(path: Path) -> State:
    """The state of a file. If it differs later, somebody has written to the file in between.

    Raises:
        InputError: The file is gone or cannot be accessed.
    """
    with _readable():
        found = path.stat()
    return found.st_size, found.st_mtime_ns


def sha256_of(path: Path) -> str:
    """The hash of the file's bytes, in hex.

    Raises:
        InputError: The file is gone or cannot be read.
    """
    with _readable():
        return durable.sha256_of(path)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}",
            hint="Give the user who runs `loyalty` permission to read it, or remove it from the inbox.",
        ) from error
