"""Removing: versions past their time, and what killed runs left behind. Never the current version."""

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.base.errors import PublicationError
from pipelines.publication.files import locked
from pipelines.publication.model import Retention, Version
from pipelines.publication.versions import CURRENT, VERSIONS, find_version, list_versions

BUILDING = ".tmp-"
TRASH = ".trash-"
_log = logging.getLogger("loyalty.publication")


def outdated(versions: list[Version], retention: Retention, now: datetime) -> list[Version]:
    """The versions that may go: past the kept as-of days, or followed by a newer one of their day.

    Kept in any case: the current one, those inside the grace period (by their folder's time, see
    `versions.move_pointer`), and a broken one of a kept day (somebody will want to see what happened to it).

    Args:
        versions: As `list_versions` gives them.
        retention: Days and minutes to keep.
        now: The time, with a zone.
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
    """Remove what may go (see `outdated`) and give the ids of what went."""
    if not published.is_dir():
        return []
    with locked(published):
        return prune_locked(published, retention, now or datetime.now(UTC))


def prune_locked(published: Path, retention: Retention, now: datetime) -> list[str]:
    """As `prune`, for a caller that holds the lock."""
    gone = outdated(list_versions(published), retention, now)
    for version in gone:
        remove_version(version)
    return [version.id for version in gone]


def delete_version(published: Path, version_id: str) -> Version:
    """Remove a version that readers do not see, and give what it was.

    Raises:
        PublicationError: There is no such version, or it is the current one.
    """
    with locked(published):
        version = find_version(published, version_id)
        if version.is_current:
            raise PublicationError(
                f"{version_id} is the version that readers see",
                hint="Choose another one first: `loyalty publish --current ID`.",
            )
        remove_version(version)
    return version


def remove_version(version: Version) -> None:
    """Remove a version in one step for whoever lists them; the caller holds the lock."""
    trash = version.path.with_name(TRASH + version.id)
    version.path.rename(trash)
    shutil.rmtree(trash)
    _log.info("removed version %s", version.id)


def clean_leftovers(published: Path) -> None:
    """Remove half-built versions, half-removed ones and unswapped pointers; the caller holds the lock."""
    for path in [*(published / VERSIONS).glob(f"{BUILDING}*"), *(published / VERSIONS).glob(f"{TRASH}*")]:
        _log.info("removing %s, left by a run that was stopped", path.name)
        shutil.rmtree(path)
    for path in published.glob(f".{CURRENT}-*"):
        path.unlink()
