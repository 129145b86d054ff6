"""Finds the landed files that the current mapping lands differently, from the ledger, the mappings and the file names.

No file of an inbox is opened. land.py lands these files again, and outdated_files.py reports them to the user.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.base.database import connect
from pipelines.landing.batches import LOOKUP_USES, Delivery, batch_of, parts_of
from pipelines.landing.fingerprint import Declared, declared, earlier_fingerprints, fingerprint, version
from pipelines.landing.inbox import SourceFiles, place_of
from pipelines.landing.index import read_deliveries, read_ledger
from pipelines.landing.lookups import given_sql, stale_batches, state_sql
from pipelines.landing.model import FileGroup

Key = tuple[str, str, date | None, str]
"""Identifies a landing: the source, the SHA-256 of the content, the file's date, and the version of the landing."""


@dataclass(frozen=True)
class Landed:
    """One landed content.

    Attributes:
        source: The source.
        batch: The batch.
        file_name: The file name in its rows.
        sha256: The SHA-256 of its bytes.
        file_on: The date of the file.
        mapping_sha256: The fingerprint of everything in the mapping that decided its rows.
        declares: The `delivery` and `lines` that the mapping declared for it.
        deliveries: Its deliveries, sorted by name and sequence.
        records: The number of records that were taken or unreadable.
        looks_up: Whether it takes values from look-ups.
        is_stale: Whether it would now find other values in them.
    """

    source: str
    batch: str
    file_name: str
    sha256: str
    file_on: date | None
    mapping_sha256: str
    declares: Declared
    deliveries: tuple[Delivery, ...]
    records: int
    looks_up: bool = False
    is_stale: bool = False


@dataclass(frozen=True)
class Target:
    """How the current mapping lands a file of a given name.

    Attributes:
        entry: The source with its mapping and folder.
        group: The group of the file.
        file_on: The date of the file.
        rows: The fingerprint of what decides the rows.
        declares: What the mapping declares.
        lookups: The digest of the look-ups in force; empty if files of the group do not look up.
    """

    entry: SourceFiles
    group: FileGroup
    file_on: date | None
    rows: str
    declares: Declared
    lookups: str = ""

    @property
    def version(self) -> str:
        """The version of the landing."""
        return version(self.rows, self.declares, self.lookups)

    def key(self, sha256: str) -> Key:
        """The key of a content that is landed in this way."""
        return self.entry.mapping.source, sha256, self.file_on, self.version

    def batch(self, sha256: str) -> str:
        """The name of the batch that a content becomes."""
        return batch_of(self.entry.mapping.source, sha256, self.file_on, self.version)


@dataclass(frozen=True)
class Change:
    """A landed content that the current mapping lands differently.

    Attributes:
        landed: How it has landed.
        target: How it must be landed now.
        name: The file name that its rows get.
        deliveries: The affected deliveries: those under names with this target, and those under names that no longer
            match.
        needs_rows: Whether the rows change, so that the file is needed. Otherwise only the declarations change.
    """

    landed: Landed
    target: Target
    name: str
    deliveries: tuple[Delivery, ...]
    needs_rows: bool

    @property
    def names(self) -> frozenset[str]:
        """The names of the deliveries."""
        return frozenset(delivery.file_name for delivery in self.deliveries)


class Versions:
    """The current mappings: how a file name lands, and whether a landed content still fits.

    Args:
        sources: The sources, each with its mapping.
        lookups: The digest of the look-ups in force, by source. It only gives new batches their names.
    """

    def __init__(self, sources: Sequence[SourceFiles], lookups: Mapping[str, str] | None = None) -> None:
        self._lookups = lookups or {}
        self._entries: dict[str, list[SourceFiles]] = defaultdict(list)
        for entry in sources:
            self._entries[entry.mapping.source].append(entry)
        self._rows: dict[int, str] = {}
        self._earlier: dict[tuple[int, str | None], frozenset[str]] = {}

    def target(self, entry: SourceFiles, group: FileGroup, file_on: date | None) -> Target:
        """How files of a group land."""
        if id(group) not in self._rows:
            self._rows[id(group)] = fingerprint(entry.mapping, group)
        lookups = self.lookups(entry.mapping.source) if group.look_up else ""
        return Target(entry, group, file_on, self._rows[id(group)], declared(group), lookups)

    def lookups(self, source: str) -> str:
        """The digest of the look-ups in force of a source."""
        return self._lookups.get(source, "none")

    def targets(self, source: str, name: str) -> list[Target]:
        """How a file of a name lands; empty if no group matches. Several entries of the config may share a source."""
        placed = ((entry, place_of(entry.mapping, name)) for entry in self._entries.get(source, ()))
        return [
            self.target(entry, place.group, place.file_on)
            for entry, place in placed
            if place.problem is None and place.group is not None and place.group.ignore is None
        ]

    def has_rows_of(self, landed: Landed, target: Target) -> bool:
        """Whether a content has landed with the rows that the current mapping makes."""
        if landed.file_on != target.file_on or (landed.is_stale and target.group.look_up):
            return False
        if landed.mapping_sha256 == target.rows:
            return True
        delivery = next((delivery for _, delivery, _ in landed.declares), None)
        key = (id(target.group), delivery)
        if key not in self._earlier:
            self._earlier[key] = earlier_fingerprints(target.entry.mapping, target.group, delivery)
        return landed.mapping_sha256 in self._earlier[key]

    def ignores(self, source: str, name: str) -> bool:
        """Whether a mapping of a source ignores files of a name."""
        groups = (place_of(entry.mapping, name).group for entry in self._entries.get(source, ()))
        return any(group is not None and group.ignore is not None for group in groups)

    def knows(self, source: str) -> bool:
        """Whether the configuration still has a source."""
        return source in self._entries


@dataclass(frozen=True)
class Comparison:
    """Landed contents compared with the current mappings.

    Attributes:
        current: The batches of contents that have landed as the current mapping lands them.
        changes: The contents that the current mapping lands differently.
        unmatched: The contents with no name that still matches the mapping, with their names.
    """

    current: Mapping[Key, str]
    changes: tuple[Change, ...]
    unmatched: tuple[tuple[Landed, tuple[str, ...]], ...]


def read_landed(home: Path) -> tuple[Landed, ...]:
    """Every landed content, in the order of the ledger."""
    lines: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in read_ledger(home).to_pylist():
        lines[line["source"], line["batch"]].append(line)
    deliveries: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for row in read_deliveries(home).to_pylist():
        one = Delivery(row["file_name"], row["sequence"], row["delivered_on"])
        deliveries[row["source"], row["batch"]].append(one)
    stale = _stale(home)
    return tuple(_landed(*key, of_batch, deliveries[key], is_stale=key in stale) for key, of_batch in lines.items())


def _stale(home: Path) -> set[tuple[str, str]]:
    """The batches of files that would now find other values in their look-ups."""
    landing = home / "landing"
    if next(parts_of(landing / LOOKUP_USES), None) is None:
        return set()
    with connect() as connection:
        return stale_batches(connection, landing, f"({state_sql(given_sql(landing))})")


def latest_deliveries(landed: Iterable[Landed]) -> dict[tuple[str, str], tuple[int, str]]:
    """The sequence and the batch of the latest delivery, by source and file name."""
    latest: dict[tuple[str, str], tuple[int, str]] = {}
    for one in landed:
        for delivery in one.deliveries:
            name = (one.source, delivery.file_name)
            latest[name] = max(latest.get(name, (0, "")), (delivery.sequence, one.batch))
    return latest


def compare(landed: Iterable[Landed], versions: Versions) -> Comparison:
    """Compare the landed contents with the current mappings."""
    current: dict[Key, str] = {}
    changes: list[Change] = []
    unmatched: list[tuple[Landed, tuple[str, ...]]] = []
    for one in landed:
        if not versions.knows(one.source):
            continue
        lookups = "" if not one.looks_up else "stale" if one.is_stale else versions.lookups(one.source)
        current[one.source, one.sha256, one.file_on, version(one.mapping_sha256, one.declares, lookups)] = one.batch
        moves: dict[Key, tuple[Target, list[Delivery]]] = {}
        lost: list[str] = []
        is_current = False
        for name in dict.fromkeys(delivery.file_name for delivery in one.deliveries):
            targets = versions.targets(one.source, name)
            if not targets:
                lost.append(name)
            elif same := next((target for target in targets if _is_current(one, target, versions)), None):
                current[same.key(one.sha256)] = one.batch
                is_current = True
            else:
                target = next((target for target in targets if (target.entry.folder / name).is_file()), targets[0])
                _, moved = moves.setdefault(target.key(one.sha256), (target, []))
                moved += [delivery for delivery in one.deliveries if delivery.file_name == name]
        if moves and not is_current:
            # all deliveries of a content must leave its batch together, otherwise its rows would count twice
            next(iter(moves.values()))[1].extend(one_of for one_of in one.deliveries if one_of.file_name in lost)
        elif lost and not is_current:
            unmatched.append((one, tuple(lost)))
        changes += [_change(one, target, moved, versions) for target, moved in moves.values()]
    return Comparison(current, tuple(changes), tuple(unmatched))


def _landed(
    source: str, batch: str, lines: Sequence[dict[str, Any]], deliveries: Sequence[Delivery], *, is_stale: bool
) -> Landed:
    first = lines[0]
    return Landed(
        source,
        batch,
        first["file_name"],
        first["file_sha256"],
        first["file_on"],
        first["mapping_sha256"] or "",
        frozenset((line["entity"], line.get("delivery"), line.get("line_lists")) for line in lines),
        tuple(deliveries),
        first["taken_records"] + first["unreadable_records"],
        first.get("lookup_missing") is not None,
        is_stale,
    )


def _is_current(landed: Landed, target: Target, versions: Versions) -> bool:
    return landed.declares == target.declares and versions.has_rows_of(landed, target)


def _change(landed: Landed, target: Target, moved: Sequence[Delivery], versions: Versions) -> Change:
    names = {delivery.file_name for delivery in moved}
    name = landed.file_name if landed.file_name in names else moved[0].file_name
    return Change(landed, target, name, tuple(moved), not versions.has_rows_of(landed, target))
