"""What changed since the previous version: `published/changes/<version>.json` and `.html`, beside the versions.

A version is complete without these files, because what they say depends on another version. They hold counts, sums and
names of groups, no keys of customers. They are removed with their version, and made again after an erasure. What is
compared is decided in pipelines/report; this module writes, reads and removes the files.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import LoyaltyError
from pipelines.publication.files import FILE_MODE, make_folder
from pipelines.publication.model import Manifest, Version
from pipelines.publication.versions import list_versions

CHANGES = "changes"
# Why something is not compared: there is no previous version, it is no longer kept, or something else is different.
FIRST, REMOVED, SCHEMA, CURRENCY, KEY = "first", "removed", "schema", "currency", "key"
_log = logging.getLogger("loyalty.publication")

Number = int | Decimal | float


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Part):
    """One figure of both versions.

    Attributes:
        key: The figure: customers, nps, revenue, at_risk, rejected, warnings and so on.
        column: A name that gives its unit, as in the marts: `_share` is a share of 1, `_amount` is money.
        then: The figure in the previous version; None if it is unknown.
        now: The figure in this version; None if it is unknown.
        difference: `now` less `then`; None if one of them is unknown.
    """

    key: str
    column: str
    then: Number | None
    now: Number | None
    difference: Number | None


class Moved(_Part):
    """How many customers a group gained and lost.

    Attributes:
        kind: levels, classes or audiences.
        group: The level, the class or the name of the audience.
        then: Customers in the previous version; None if there are too few to show.
        now: Customers in this version; None if there are too few to show.
        gained: Customers who are in the group now and were not; None if one of the four is too small to show.
        lost: Customers who were in the group and are not now; None like `gained`.
    """

    kind: str
    group: str
    then: int | None
    now: int | None
    gained: int | None
    lost: int | None


class Setting(_Part):
    """A setting of the model, or of an audience, with another value.

    Attributes:
        setting: Its name, as in rpt_setting.
        then: The value in the previous version; None if it did not have the setting.
        now: The value in this version; None if it does not have the setting.
    """

    setting: str
    then: str | None
    now: str | None


class Row(_Part):
    """One figure of a chart of the report that differs.

    Attributes:
        block: The chart's anchor in the report.
        measure: The column of the figure.
        about: What the row is about: columns and their values.
        then: The figure in the previous version; None if it is unknown, missing or hidden.
        now: The figure in this version.
        difference: `now` less `then`; None if one of them is None.
    """

    block: str
    measure: str
    about: dict[str, int | date | str | None]
    then: Number | None
    now: Number | None
    difference: Number | None


class Changes(_Part):
    """The content of the JSON file.

    Attributes:
        version: The version that has the new figures.
        as_of: Its as-of day.
        compared_with: The version that was current before it; None if there was none of this or an earlier day.
        compared_as_of: The as-of day of that version; None if it is not known any more.
        not_compared: Why something was not compared: first, removed, schema, currency or key (docs/report.md).
        figures: The main figures, in order.
        settings: The settings that differ, by name.
        moves: Customers gained and lost by level, class and audience.
        rows: Every figure of the compared charts that differs.
        summary: At most ten lines, by language (en, zh).
    """

    format: int = 1
    version: str
    as_of: date
    compared_with: str | None
    compared_as_of: date | None
    not_compared: tuple[str, ...]
    figures: tuple[Figure, ...]
    settings: tuple[Setting, ...] = ()  # files of earlier programs do not have it
    moves: tuple[Moved, ...]
    rows: tuple[Row, ...]
    summary: dict[str, tuple[str, ...]]

    def to_text(self) -> str:
        """The file. Equal content gives equal bytes; exact decimals are texts, so that no digit is lost."""
        return self.model_dump_json(indent=1) + "\n"


@dataclass(frozen=True)
class Side:
    """A version to compare: its folder and what is in it."""

    folder: Path
    manifest: Manifest


# Compares a version with the previous one, and returns the JSON and the page. The text names a previous version that
# is no longer kept; it is empty if there was none.
MakeChanges = Callable[[Side, Side | str], tuple[Changes, str]]


def changes_paths(published: Path, version_id: str) -> tuple[Path, Path]:
    """The JSON file and the page of a version; they need not exist."""
    folder = published / CHANGES
    return folder / f"{version_id}.json", folder / f"{version_id}.html"


def read_changes(published: Path, version_id: str) -> Changes | None:
    """What changed with a version; None if it has no such file, or if the file cannot be read."""
    try:
        return Changes.model_validate_json(changes_paths(published, version_id)[0].read_bytes())
    except (OSError, ValidationError):
        return None


def write_changes(published: Path, version: Version, before: Version | str, make: MakeChanges) -> None:
    """Write the files of a version. A failure is a warning with its cause: the version is published without them.

    Args:
        published: The folder of versions. The caller has its lock.
        version: The version; it can be read.
        before: The version that was current before it, or its id if it is no longer kept; empty if there was none.
        make: Compares them.
    """
    try:
        if version.manifest is None:
            return
        side: Side | str = before if isinstance(before, str) else before.id
        if isinstance(before, Version) and before.manifest is not None:
            side = Side(before.path, before.manifest)
        found, page = make(Side(version.path, version.manifest), side)
        make_folder(published / CHANGES)
        for path, text in zip(changes_paths(published, version.id), (found.to_text(), page), strict=True):
            write_text_durably(path, text, mode=FILE_MODE)
    except Exception as error:  # noqa: BLE001 (whatever fails here, the version is complete)
        # the text of other errors can quote data
        detail = f": {error}" if isinstance(error, LoyaltyError | OSError | LookupError) else ""
        cause = f"{type(error).__name__}{detail}".partition("\n")[0]
        _log.warning("version %s has no page of what changed, because it could not be written: %s", version.id, cause)


def remove_changes(published: Path, version_id: str) -> None:
    """Remove the files of a version, if it has them. The caller has the lock."""
    for path in changes_paths(published, version_id):
        path.unlink(missing_ok=True)


def pairs(published: Path) -> dict[str, str]:
    """With which version each version was compared; empty if it was the first."""
    found = (read_changes(published, path.stem) for path in sorted((published / CHANGES).glob("*.json")))
    return {one.version: one.compared_with or "" for one in found if one}


def write_changes_again(
    published: Path, before: Mapping[str, str], became: Mapping[str, str | None], make: MakeChanges
) -> None:
    """Compare again each pair of versions of which an erasure has rewritten one.

    Args:
        published: The folder of versions. The caller has its lock.
        before: From `pairs`, called before the erasure.
        became: The id of each rewritten version, by its old id; None if it was removed.
        make: Compares them.
    """
    kept = {version.id: version for version in list_versions(published)}
    for old, other in before.items():
        fresh, previous = (became.get(name, name) or name for name in (old, other))
        if fresh in kept and (old in became or other in became):
            write_changes(published, kept[fresh], kept.get(previous, previous), make)


def remove_orphans(published: Path, versions: Collection[str]) -> None:
    """Remove files that belong to no version, such as half-written ones. The caller has the lock."""
    for path in (published / CHANGES).glob("*.*"):
        if path.stem not in versions:
            path.unlink()
