"""File operations for publication: fsync, permissions, links that are replaced in one step, and the lock for changes.

This module does not know what a version is.

Permissions: published marts have pseudonymised data about people. So files have at most 0640 and folders at most 0750
(the owner writes, the group reads, others have no access). A stricter umask still applies.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base.durable import sync_file

FILE_MODE = 0o640
FOLDER_MODE = 0o750
_LOCK = ".lock"


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, with FOLDER_MODE."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def sync_tree(folder: Path) -> None:
    """Limit file permissions below a folder to FILE_MODE, and flush files and folders to disk, deepest first."""
    for current, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(current, name)
            path.chmod(path.stat().st_mode & FILE_MODE)
            sync_file(path)
        sync_file(Path(current))


def write_text(path: Path, text: str) -> None:
    """Write a new file and flush it to disk."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def point(link: Path, target: str) -> None:
    """Make `link` a symbolic link to `target`, and replace an existing link in one step."""
    fresh = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    fresh.symlink_to(target)
    fresh.replace(link)
    sync_file(link.parent)


@contextmanager
def locked(folder: Path, name: str = _LOCK) -> Iterator[None]:
    """Acquire a lock of the folder, and wait if another process has it. The lock of a killed process is released."""
    handle = os.open(folder / name, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
