"""Finishes a publication that was stopped between the last step of its version and the move of the pointer.

The version is complete, so the next run of the same data does not build it again. Without this, readers would never
see it: a run cannot tell it from a version that somebody has rolled back.
"""

from collections.abc import Sequence
from pathlib import Path

from pipelines.publication.audit import audit
from pipelines.publication.changes import MakeChanges, write_changes
from pipelines.publication.files import locked, write_text
from pipelines.publication.model import Version
from pipelines.publication.pin import pinned_id
from pipelines.publication.restatement import earlier_version
from pipelines.publication.versions import UNFINISHED, list_versions, move_pointer


def begin(published: Path, version_id: str) -> None:
    """Note that a version is about to appear, and that the pointer has not moved. The caller has the lock."""
    end(published)
    write_text(published / UNFINISHED, version_id)


def end(published: Path) -> None:
    """Note that the pointer has moved, or stays. The caller has the lock."""
    (published / UNFINISHED).unlink(missing_ok=True)


def finish_publication(published: Path, changes: MakeChanges | None = None) -> Version | None:
    """Finish the publication that was stopped last, if there is one; returns its version if readers see it now.

    Args:
        published: The folder of versions.
        changes: Compares the version with the one before it; None writes no page of what changed.
    """
    if not (published / UNFINISHED).is_file():
        return None
    with locked(published):
        return finish_locked(published, changes)


def finish_locked(published: Path, changes: MakeChanges | None = None) -> Version | None:
    """Like `finish_publication`. The caller has the lock."""
    marker = published / UNFINISHED
    name = marker.read_text(encoding="utf-8") if marker.is_file() else ""
    before = list_versions(published)
    stopped = next((one for one in before if one.id == name and one.manifest is not None), None)
    moved = None
    if stopped is not None and choose_current(name, before, is_pinned=pinned_id(published) is not None) == name:
        audit(stopped.path)
        move_pointer(published, name)
        moved = next(one for one in list_versions(published) if one.id == name)
        if changes is not None:
            others = [one for one in before if one.id != name]
            write_changes(published, moved, earlier_version(others, moved.as_of) or "", changes)
    end(published)
    return moved


def choose_current(fresh_id: str, versions: Sequence[Version], *, is_pinned: bool) -> str | None:
    """The version to which the pointer must move; None if it stays.

    A new version becomes current if the current one has the same or an earlier as-of day, also after a rollback. If the
    current version is missing or damaged, the newest readable version becomes current. A pinned version stays current.
    """
    fresh = next(version for version in versions if version.id == fresh_id)
    current = next((version for version in versions if version.is_current and version.manifest), None)
    if current is None:
        return next(version.id for version in versions if version.manifest)
    if is_pinned:
        return None
    return fresh.id if fresh.as_of >= current.as_of else None
