"""The state of landing during a run: the batch of each content, the latest delivery of each name, the pending changes.

It is only in memory. land.py decides what to do, batches.py writes it.
"""

from collections import defaultdict
from collections.abc import Sequence

from pipelines.landing.batches import Delivery
from pipelines.landing.outdated import Change, Key, Landed, Versions, compare, latest_deliveries


class Known:
    """What has landed, kept up to date.

    Args:
        landed: What had landed before the run.
        versions: The current mappings.
    """

    def __init__(self, landed: Sequence[Landed], versions: Versions) -> None:
        compared = compare(landed, versions)
        self._batches: dict[Key, str] = {}
        self._keys: dict[str, set[Key]] = defaultdict(set)
        for key, batch in compared.current.items():
            self._set(key, batch)
        self._names = {one.batch: one.file_name for one in landed}
        self._latest = latest_deliveries(landed)
        self._changes: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in compared.changes:
            self._changes[change.landed.source, change.landed.sha256].append(change)
        self._has_unmatched = bool(compared.unmatched)

    @property
    def changes(self) -> list[Change]:
        """The landed contents that must still be landed again."""
        return [change for changes in self._changes.values() for change in changes]

    def changes_of(self, source: str, sha256: str) -> list[Change]:
        """The pending changes of one content."""
        return list(self._changes.get((source, sha256), ()))

    @property
    def is_outdated(self) -> bool:
        """Whether there are still landed files that the current mapping lands differently or does not match."""
        return bool(self.changes) or self._has_unmatched

    def batch(self, key: Key) -> str | None:
        """The batch of a content that was landed with the current mapping; None if there is none."""
        return self._batches.get(key)

    def name(self, batch: str) -> str:
        """The file name of a batch."""
        return self._names[batch]

    def latest(self, source: str, name: str) -> tuple[int, str]:
        """The sequence and the batch of the latest delivery of a name; 0 and an empty text if there is none."""
        return self._latest.get((source, name), (0, ""))

    def deliver(self, source: str, key: Key, batch: str, delivery: Delivery) -> None:
        """Record that a content has been delivered."""
        self._set(key, batch)
        self._names.setdefault(batch, delivery.file_name)
        self._latest[source, delivery.file_name] = (delivery.sequence, batch)

    def keep(self, key: Key, batch: str) -> None:
        """Record that a content keeps its earlier batch, although the mapping has changed."""
        self._set(key, batch)

    def change(self, change: Change, batch: str, *, is_removed: bool) -> None:
        """Record that a batch has replaced the earlier batch of a content."""
        landed = change.landed
        if is_removed:
            for key in self._keys.pop(landed.batch, set()):
                if self._batches[key] == landed.batch:
                    del self._batches[key]
        self._set(change.target.key(landed.sha256), batch)
        self._names.setdefault(batch, change.name)
        self._changes[landed.source, landed.sha256].remove(change)
        for name in change.names:
            sequence, in_force = self._latest[landed.source, name]
            if in_force == landed.batch:
                self._latest[landed.source, name] = (sequence, batch)

    def _set(self, key: Key, batch: str) -> None:
        self._batches[key] = batch
        self._keys[batch].add(key)
