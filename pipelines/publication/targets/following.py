"""Makes a target equal to the home: adds the versions that it lacks, shows the current one, removes the others.

Only this module defines the order of these steps. It can be killed between any two of them and called again.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.publication.files import locked
from pipelines.publication.holds import hold
from pipelines.publication.model import Version
from pipelines.publication.targets.owner import FILE, home_id
from pipelines.publication.targets.target import Target, TargetError
from pipelines.publication.versions import VERSIONS, list_versions

_LOCK = ".targets-lock"  # a lock of its own: writing to a target takes minutes, and publications need not wait
_log = logging.getLogger("loyalty.publication")

Say = Callable[[str], object]


@dataclass(frozen=True)
class Followed:
    """What has been done to make a target equal to the home.

    Attributes:
        name: The name of the target.
        removed: The ids of the versions that it lost.
        versions: The ids of the versions that it has now.
    """

    name: str
    removed: tuple[str, ...]
    versions: tuple[str, ...]


def follow(published: Path, target: Target, say: Say = _log.info) -> Followed:
    """Make a target equal to the home.

    The current version is added and shown first. A version that cannot be read in the home is not added, but if the
    target has it, it stays. Without any version in the home, the target loses all of its versions.

    Args:
        published: The folder of versions.
        target: The target.
        say: Called with a text before each long step.

    Raises:
        TargetError: The target could not be reached or changed, or belongs to another home. Or the target has versions
            but the home has no folder of them: its disk may not be mounted.
    """
    if not (published / VERSIONS).is_dir():
        if target.held():
            raise TargetError(
                f"{target.name} has versions of a home whose folder {published / VERSIONS} does not exist",
                hint="Mount its disk, and run again. If the home was removed for good, remove the versions from"
                f" {target.name} yourself.",
            )
        return Followed(target.name, (), ())
    with locked(published, _LOCK):
        if other := target.claim(home_id(published)):
            raise TargetError(
                f"{target.name} has the versions of another home, whose published/{FILE} is {other}, so nothing was"
                " written to it",
                hint=f"Choose another place for this home in loyalty.yml. {target.hand_over}",
            )
        versions = list_versions(published)  # after waiting, so that the last follower sees the newest pointer
        held = set(target.held())
        current = next((version for version in versions if version.is_current), None)
        if current is not None and current.manifest is not None:
            _add(target, current, held, say)
            if current.id in held and target.shown() != current.id:
                say(f"{target.name}: showing {current.id}")
                target.show(current.id)
        shown = target.shown()
        kept = {version.id for version in versions if target.has_all or version.id == shown}
        removed = sorted(held - kept)
        for version_id in removed:
            say(f"{target.name}: removing {version_id}")
            target.remove(version_id)
            held.remove(version_id)
        if target.has_all:
            for version in versions:
                _add(target, version, held, say)
        return Followed(target.name, tuple(removed), tuple(sorted(held)))


def _add(target: Target, version: Version, held: set[str], say: Say) -> None:
    """Add a version unless the target has it, it cannot be read, or it has been removed in the meantime."""
    if version.id in held or version.manifest is None:
        return
    try:
        handle = hold(version.path)
    except FileNotFoundError:
        return
    try:
        say(f"{target.name}: writing {version.id}")
        target.add(version)
        held.add(version.id)
    finally:
        os.close(handle)
