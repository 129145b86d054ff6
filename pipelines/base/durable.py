"""Writing a file so that after a crash it is the old one or the new one, whole.

How bytes reach the disk, and nothing about what they mean.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o077  # the umask under which nobody but the owner can read what is made


def write_durably(path: Path, write: Callable[[Path], object], *, mode: int = 0o644) -> None:
    """Let `write` fill a file beside `path`, flush it to disk, and rename it into place.

    Args:
        path: Where the file goes; its folder is made.
        write: Gets the path of an empty file with the right mode, and fills it.
        mode: Permissions of the file, from its first byte on.

    Raises:
        OSError: It cannot be written; the error names `path`, and not the file beside it, which nobody asked for.
    """
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
        if problem.filename is not None and os.fspath(problem.filename) == str(staged):
            problem.filename, problem.filename2 = str(path), None
        raise


def write_text_durably(path: Path, text: str, *, mode: int = 0o644) -> None:
    """As `write_durably`, for text in UTF-8."""
    write_durably(path, lambda staged: staged.write_text(text, encoding="utf-8"), mode=mode)


@contextmanager
def umask(mask: int) -> Iterator[int]:
    """Make files under another umask, in this process and those that it starts; gives the one before."""
    before = os.umask(mask)
    try:
        yield before
    finally:
        os.umask(before)


def sync_file(path: Path) -> None:
    """Force a file's (or a folder's) content to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
