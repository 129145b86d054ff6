"""Pins a version: while it is pinned, no publication and no rollback moves the pointer."""

from pathlib import Path

from pipelines.base.errors import PublicationError
from pipelines.publication.files import locked, point
from pipelines.publication.model import Version
from pipelines.publication.versions import UNFINISHED, VERSIONS, current_id, list_versions, move_pointer, set_current

PINNED = "pinned"


def pinned_id(published: Path) -> str | None:
    """The id of the pinned version; None if nothing is pinned. A pin without effect on the pointer does not count."""
    link = published / PINNED
    name = link.readlink().name if link.is_symlink() else None
    return name if name and name == current_id(published) else None


def pin(published: Path, version_id: str) -> Version:
    """Make a version current, and keep it current until it is unpinned.

    Raises:
        PublicationError: The version does not exist, it differs from what was published, or another one is pinned.
    """
    refuse_if_pinned(published, version_id)
    version = set_current(published, version_id)
    with locked(published):
        point(published / PINNED, f"{VERSIONS}/{version_id}")
    return version


def unpin(published: Path) -> Version:
    """Remove the pin, move the pointer to the newest version, and return that version.

    Raises:
        PublicationError: No version is pinned.
    """
    with locked(published):
        if pinned_id(published) is None:
            raise PublicationError("no version is pinned", hint="List the versions: `loyalty versions`.")
        (published / UNFINISHED).unlink(missing_ok=True)
        newest = next(version for version in list_versions(published) if version.manifest)
        move_pointer(published, newest.id)
        (published / PINNED).unlink()
    return next(version for version in list_versions(published) if version.id == newest.id)


def refuse_if_pinned(published: Path, wanted: str) -> None:
    """Raise an error if another version than the wanted one is pinned.

    Raises:
        PublicationError: Another version is pinned.
    """
    if (pinned := pinned_id(published)) not in (None, wanted):
        raise PublicationError(
            f"the version {pinned} is pinned, so {wanted} cannot become current",
            hint="Unpin it first: `loyalty versions unpin`.",
        )


def why_not_current(published: Path, version_id: str) -> str:
    """Why readers do not see a version, and how to make it current; empty if they see it."""
    current = next((version for version in list_versions(published) if version.is_current), None)
    show = f"To show them {version_id}: loyalty publish --current {version_id}"
    if current is None:
        return f"readers see no version. {show}"
    is_rewritten = current.manifest is not None and current.manifest.rewritten_from is not None
    if current.id == version_id or (is_rewritten and current.id.startswith(f"{version_id}-")):
        return ""  # readers see this version, or the same version without an erased person (see erasure.py)
    if pinned_id(published):
        return f"readers still see {current.id}, which is pinned. To show them {version_id}: loyalty versions unpin"
    of_a_later_day = f" of the later day {current.as_of}" if current.as_of.isoformat() > version_id[:10] else ""
    return f"readers still see {current.id}{of_a_later_day}. {show}"
