"""Removes outdated versions and the leftovers of killed runs, but never the current version."""

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.base.errors import PublicationError
from pipelines.publication.changes import remove_changes, remove_orphans
from pipelines.publication.files import locked
from pipelines.publication.holds import unless_held
from pipelines.publication.model import Retention, Version
from pipelines.publication.versions import CURRENT, VERSIONS, find_version, list_versions

BUILDING = ".tmp-"
TRASH = ".trash-"
_log = logging.getLogger("loyalty.publication")


def outdated(versions: list[Version], retention: Retention, now: datetime) -> list[Version]:
    """The versions that can be removed: older than the kept as-of days, or replaced by a newer version of their day.

    These are always kept: the current version, versions inside the grace period (by the time of their folder, see
    `versions.move_pointer`), and damaged versions of a kept day, so that their damage can be investigated.

    Args:
        versions: From `list_versions`.
        retention: The days and minutes to keep.
        now: The current time, with a zone.
    """
    days = sorted({version.as_of for version in versions if version.manifest}, reverse=True)
    kept_days = set(days[: max(retention.days, 1)])
    newest = {version.as_of: version.id for version in reversed(versions) if version.manifest}
    grace = now - timedelta(minutes=retention.grace_minutes)
    return [
        version
        for version in versions
        if not version.is_current
        and datetime.fromtimestamp(version.path.stat().st_mtime, UTC) <= grace
        and (version.as_of not in kept_days or (version.manifest and newest[version.as_of] != version.id))
    ]


def prune(published: Path, retention: Retention, *, now: datetime | None = None) -> list[str]:
    """Remove the versions that `outdated` returns and nobody reads (see holds.py), and return their ids."""
    if not published.is_dir():
        return []
    with locked(published):
        return prune_locked(published, retention, now or datetime.now(UTC))


def prune_locked(published: Path, retention: Retention, now: datetime) -> list[str]:
    """Like `prune`, for a caller that has the lock."""
    gone = []
    for version in outdated(list_versions(published), retention, now):
        with unless_held(version.path) as is_free:
            if is_free:
                remove_version(version)
                gone.append(version.id)
            else:
                _log.info("version %s is outdated, but kept: somebody is reading it", version.id)
    return gone


def delete_version(published: Path, version_id: str) -> Version:
    """Remove a version that is not current, and return it.

    Raises:
        PublicationError: The version does not exist, or it is the current one.
    """
    with locked(published):
        version = find_version(published, version_id)
        if version.is_current:
            raise PublicationError(
                f"{version_id} is the current version, so it cannot be removed",
                hint="Make another version current first: `loyalty publish --current ID`.",
            )
        remove_version(version)
    return version


def remove_version(version: Version) -> None:
    """Remove a version and its page of changes. For readers it disappears in one step. The caller has the lock."""
    remove_changes(version.path.parents[1], version.id)
    trash = version.path.with_name(TRASH + version.id)
    version.path.rename(trash)
    shutil.rmtree(trash)
    _log.info("removed version %s", version.id)


def clean_leftovers(published: Path) -> None:
    """Remove half-built and half-removed versions, and pointers that were not moved. The caller has the lock."""
    for path in [*(published / VERSIONS).glob(f"{BUILDING}*"), *(published / VERSIONS).glob(f"{TRASH}*")]:
        _log.info("removing %s, a leftover of a run that was stopped", path.name)
        shutil.rmtree(path)
    for path in published.glob(f".{CURRENT}-*"):
        path.unlink()
    remove_orphans(published, {path.name for path in (published / VERSIONS).iterdir()})
