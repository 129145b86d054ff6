"""Writes files so that after a crash the path has either the complete old file or the complete new file.

It also hashes files. This module does not know what the bytes mean.
"""

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o077  # with this umask, only the owner can read new files
_UNFINISHED = re.compile(r"\.(?P<name>.+)\.\d+")  # the temporary files of `write_durably`


def write_durably(path: Path, write: Callable[[Path], object], *, mode: int = 0o644) -> None:
    """Call `write` to fill a temporary file beside `path`, flush it to disk, and rename it to `path`.

    Args:
        path: The final path. Its folder is created if it is missing.
        write: Receives the path of the empty temporary file and fills it.
        mode: The permissions of the file, which it has from its first byte on.

    Raises:
        OSError: The file cannot be written. The error names `path`, not the temporary file.
    """
    if not path.name:  # `.` and `/` are folders
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode))
        try:
            write(staged)
            sync_file(staged)
            staged.replace(path)
            sync_file(path.parent)
        finally:
            staged.unlink(missing_ok=True)
    except OSError as problem:
        if problem.filename is None or os.fspath(problem.filename) == str(staged):
            problem.filename, problem.filename2 = str(path), None
        raise


def remove_unfinished(folder: Path, ends: tuple[str, ...] = ("",), *, below: bool = True) -> list[Path]:
    """Remove the temporary files that killed processes left: each may have any part of what was being written.

    The caller ensures that no other process is writing into the folder.

    Args:
        folder: The folder, which need not exist.
        ends: The ends of the names of the files that were being written.
        below: Whether to look in all folders below it too.

    Returns:
        The removed files.
    """
    removed = []
    for path in sorted(folder.rglob(".*") if below else folder.glob(".*")):
        found = _UNFINISHED.fullmatch(path.name)
        if found and found["name"].endswith(ends) and path.is_file():
            path.unlink(missing_ok=True)
            sync_file(path.parent)
            removed.append(path)
    return removed


def write_text_durably(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Like `write_durably`, for text in UTF-8."""
    write_durably(path, lambda staged: staged.write_text(text, encoding="utf-8"), mode=mode)


@contextmanager
def umask(mask: int) -> Iterator[int]:
    """Set the umask of this process and of the processes that it starts. Yields the previous umask."""
    before = os.umask(mask)
    try:
        yield before
    finally:
        os.umask(before)


def sync_file(path: Path) -> None:
    """Flush the content of a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
