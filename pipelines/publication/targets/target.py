"""What a target must be able to do, and the error of a target. No target stands here."""

from typing import Protocol

from pipelines.base.errors import PublicationError
from pipelines.publication.model import Version


class TargetError(PublicationError):
    """A target could not be made equal to the home. The versions in the home are not affected."""


class Target(Protocol):
    """A place that repeats versions of the home.

    Each method either does all of its work or leaves the target as it was, also if the process is killed. Each raises a
    TargetError whose message and hint have no secret.

    Attributes:
        name: Its name in messages.
        has_all: Whether it has every version of the home; otherwise only the version that readers see.
    """

    name: str
    has_all: bool

    @property
    def hand_over(self) -> str:
        """How to give it to another home on purpose, for the hint of an error."""

    def claim(self, home: str) -> str | None:
        """Mark it as that of a home, unless it has the mark of another one. Called before it is changed.

        Args:
            home: The id of the home (owner.py).

        Returns:
            The id of the other home, and nothing has been changed; None if it is of this home.
        """

    def held(self) -> frozenset[str]:
        """The ids of the versions that it has."""

    def shown(self) -> str | None:
        """The id of the version that readers see; None if there is none."""

    def add(self, version: Version) -> None:
        """Write a version that it does not have. Readers do not see it yet."""

    def show(self, version_id: str) -> None:
        """Make a version that it has the one that readers see, in one step."""

    def remove(self, version_id: str) -> None:
        """Remove a version that it has, also the one that readers see."""
