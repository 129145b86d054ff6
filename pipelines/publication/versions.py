"""Lists versions, finds the current one, and moves the pointer. No version is written or removed here."""

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
UNFINISHED = ".unfinished"  # names the version of a publication whose pointer has not moved yet (unfinished.py)
_ID = re.compile(r"(\d{4}-\d{2}-\d{2})_[A-Za-z0-9-]+")
_log = logging.getLogger("loyalty.publication")


def list_versions(published: Path) -> list[Version]:
    """Every version, newest as-of day first, and within a day the newest version first.

    Reads manifests and file sizes, not the files (see `audit`). A version that cannot be used is listed with its
    problem.
    """
    folder = published / VERSIONS
    if not folder.is_dir():
        return []
    current = current_id(published)
    found = [_read(path, as_of, path.name == current) for path in folder.iterdir() if (as_of := _as_of(path.name))]
    return sorted(found, key=lambda version: (version.as_of, version.sequence, version.id), reverse=True)


def has_day(published: Path, as_of: date) -> bool:
    """Whether a version of a day exists. The version itself is not read, so it may be incomplete."""
    return any((published / VERSIONS).glob(f"{as_of.isoformat()}_*"))


def current_id(published: Path) -> str | None:
    """The id that the pointer names, even if that version cannot be read; None if nothing is published."""
    try:
        return (published / CURRENT).readlink().name
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublicationError(
            f"{published / CURRENT} is not a link: {error.strerror}",
            hint="Move it away, then choose a version: `loyalty publish --current ID`.",
        ) from error


def resolve_current(published: Path) -> Path:
    """The folder of the current version. Resolve it once, then read below that folder: the pointer can move any time.

    Raises:
        PublicationError: Nothing is published, or the current version is not complete.
    """
    name, versions = current_id(published), list_versions(published)
    if not versions:
        raise PublicationError(f"nothing is published in {published}", hint="Run `loyalty run` first.")
    if name not in {version.id for version in versions}:
        raise PublicationError(
            f"{published / CURRENT} {'is missing' if name is None else 'does not point to a version'}",
            hint="`loyalty run` restores it. Or choose a version from `loyalty versions`:"
            " `loyalty publish --current ID`.",
        )
    folder = published.resolve() / VERSIONS / name
    check_files(folder, read_manifest(folder))
    return folder


def set_current(published: Path, version_id: str) -> Version:
    """Make a version current after an audit: a rollback, or the end of one.

    The next publication of the same or a later as-of day moves the pointer again.

    Raises:
        PublicationError: The version does not exist, or it differs from what was published.
    """
    version = find_version(published, version_id)
    with locked(published):
        audit(version.path)
        (published / UNFINISHED).unlink(missing_ok=True)  # whoever chooses a version decides what readers see
        move_pointer(published, version_id)
        return _read(version.path, version.as_of, is_current=True)


def find_version(published: Path, version_id: str) -> Version:
    """A version by its id.

    Raises:
        PublicationError: There is no version with that id.
    """
    known = {version.id: version for version in list_versions(published)}
    if version_id not in known:
        newest = ", ".join(list(known)[:5]) or "none"
        raise PublicationError(f"there is no version {version_id}", hint=f"The newest versions are: {newest}.")
    return known[version_id]


def find_whole_version(published: Path, version_id: str) -> Version:
    """A version by its id, whose manifest can be read.

    Raises:
        PublicationError: There is no version with that id, or it is damaged.
    """
    version = find_version(published, version_id)
    if version.manifest is None:
        raise PublicationError(
            f"the version {version.id} is damaged: {version.problem}",
            hint="Choose another one from `loyalty versions`.",
        )
    return version


def move_pointer(published: Path, version_id: str) -> None:
    """Move the pointer. The caller has the lock and has audited the version.

    The folder of the version that was current gets the present time first. The grace period for readers begins then.
    """
    before = current_id(published)
    if before is not None and before != version_id and (left := published / VERSIONS / before).is_dir():
        os.utime(left)
    point(published / CURRENT, f"{VERSIONS}/{version_id}")
    _log.info("the current version is %s (before: %s)", version_id, before or "none")


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
        return Version(path.name, path, as_of, is_current, None, f"{path} has the manifest of {manifest.version}")
    return Version(path.name, path, as_of, is_current, manifest)
