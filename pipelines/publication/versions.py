"""Which versions there are, which one is current, and moving the pointer. No version is written or removed here."""

import logging
import os
import re
from datetime import date
from pathlib import Path

from pipelines.base.errors import PublicationError
from pipelines.publication.audit import audit, check_files, read_manifest
from pipelines.publication.files import locked, point
from pipelines.publication.model import Version

CURRENT = "current"
VERSIONS = "versions"
_ID = re.compile(r"(\d{4}-\d{2}-\d{2})_[A-Za-z0-9-]+")
_log = logging.getLogger("loyalty.publication")


def list_versions(published: Path) -> list[Version]:
    """Every version, newest as-of day first, and of a day the newest first.

    Reads manifests and file sizes, not the files (see `audit`). One that cannot be used is listed with its problem.
    """
    folder = published / VERSIONS
    if not folder.is_dir():
        return []
    current = current_id(published)
    found = [_read(path, as_of, path.name == current) for path in folder.iterdir() if (as_of := _as_of(path.name))]
    return sorted(found, key=lambda version: (version.as_of, version.sequence, version.id), reverse=True)


def current_id(published: Path) -> str | None:
    """The id that the pointer names, whether or not that version can be read; None where nothing is published."""
    try:
        return (published / CURRENT).readlink().name
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublicationError(
            f"{published / CURRENT} is no link: {error.strerror}",
            hint="Move it away, then choose a version: `loyalty publish --current ID`.",
        ) from error


def resolve_current(published: Path) -> Path:
    """The folder of the current version. Resolve once, then read below that folder: the pointer may move meanwhile.

    Raises:
        PublicationError: Nothing is published, or the current version is not whole.
    """
    name, versions = current_id(published), list_versions(published)
    if not versions:
        raise PublicationError(f"nothing is published in {published}", hint="Run `loyalty run` first.")
    if name not in {version.id for version in versions}:
        raise PublicationError(
            f"{published / CURRENT} {'is missing' if name is None else 'does not point to a version'}",
            hint="`loyalty run` restores it. Or choose one of `loyalty versions`: `loyalty publish --current ID`.",
        )
    folder = published.resolve() / VERSIONS / name
    check_files(folder, read_manifest(folder))
    return folder


def set_current(published: Path, version_id: str) -> Version:
    """Make a version current (a rollback, or its undoing), after reading it whole.

    The next publication of the same or a later as-of day takes the pointer again.

    Raises:
        PublicationError: There is no such version, or it is not what was published.
    """
    version = find_version(published, version_id)
    with locked(published):
        audit(version.path)
        move_pointer(published, version_id)
        return _read(version.path, version.as_of, is_current=True)


def find_version(published: Path, version_id: str) -> Version:
    """A version by its id.

    Raises:
        PublicationError: There is none of that id.
    """
    known = {version.id: version for version in list_versions(published)}
    if version_id not in known:
        newest = ", ".join(list(known)[:5]) or "none"
        raise PublicationError(f"there is no version {version_id}", hint=f"The newest versions are: {newest}.")
    return known[version_id]


def move_pointer(published: Path, version_id: str) -> None:
    """Swap the pointer; the caller holds the lock and has audited the version.

    The version that stops being current is touched first: its folder's time says since when nobody is sent there,
    which is what the grace period for readers counts from.
    """
    before = current_id(published)
    if before is not None and before != version_id and (left := published / VERSIONS / before).is_dir():
        os.utime(left)
    point(published / CURRENT, f"{VERSIONS}/{version_id}")
    _log.info("current is %s (before: %s)", version_id, before or "nothing")


def _as_of(name: str) -> date | None:
    match = _ID.fullmatch(name)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _read(path: Path, as_of: date, is_current: bool) -> Version:
    try:
        manifest = read_manifest(path)
        check_files(path, manifest)
    except PublicationError as error:
        return Version(path.name, path, as_of, is_current, None, error.message)
    if manifest.version != path.name or manifest.as_of != as_of:
        return Version(path.name, path, as_of, is_current, None, f"{path} holds the manifest of {manifest.version}")
    return Version(path.name, path, as_of, is_current, manifest)
