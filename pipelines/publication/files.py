"""Making files last: fsync, modes, links replaced in one step, and the lock for whoever changes what is published.

Nothing here knows what a version is.

Modes: published marts carry pseudonymised customers, which are still people. Files are at most 0640 and folders at most
0750 (the owner writes, the group reads, others see nothing); a stricter umask stays as strict as it is.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base.durable import sync_file

FILE_MODE = 0o640
FOLDER_MODE = 0o750
_LOCK = ".lock"
_CHUNK = 1 << 20


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, with our mode."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def sync_tree(folder: Path) -> None:
    """Narrow every mode below a folder to ours and force files, then folders, deepest first, to disk."""
    for current, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(current, name)
            path.chmod(path.stat().st_mode & FILE_MODE)
            sync_file(path)
        sync_file(Path(current))


def write_text(path: Path, text: str) -> None:
    """Write a new file and force it to disk."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def point(link: Path, target: str) -> None:
    """Make `link` a symbolic link to `target`, replacing in one step what it was."""
    fresh = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    fresh.symlink_to(target)
    fresh.replace(link)
    sync_file(link.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; waits for another process that holds it. A killed holder lets go of it."""
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
