"""What a landing would do, without landing anything: land.py's own decisions, made over a landing folder in memory.

Every file is hashed, and of those that would land the beginning is read. What only the whole file shows (an expression
that fails on a value) is not preview.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.landing.batches import Delivery, Store
from pipelines.landing.check import check_something_landed
from pipelines.landing.deliveries import ages_of
from pipelines.landing.inbox import SourceFiles, find
from pipelines.landing.land import Landing
from pipelines.landing.landing_state import Known
from pipelines.landing.make_batch import BatchMaker, Task
from pipelines.landing.outdated import Change, Landed, Versions, read_landed
from pipelines.landing.readers import check_layout
from pipelines.landing.replacement import Replacement
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, RefusedFiles


@dataclass(frozen=True)
class LandingPreview:
    """What a landing would do.

    Attributes:
        new: By source, the files that would land; a source without a file is not in it.
        again: By source, the landed files that would be brought up to date with the mapping; only sources with any.
        refused: The error with which it would end; None if no file would be refused.
        batches: What would be landed afterwards, sorted.
        ages: Of each batch, how many deliveries of its file would have come since.
    """

    new: Mapping[str, int]
    again: Mapping[str, int]
    refused: RefusedFiles | None
    batches: tuple[str, ...]
    ages: Mapping[str, int]


def preview_landing(
    home: Path, sources: Sequence[SourceFiles], *, today: date, originals: Path | None = None
) -> LandingPreview:
    """Say what `land` would do with the same arguments.

    Raises:
        InputError: Where a source's folder is not there, or nothing has ever landed and there is no file.
    """
    found = [file for source in sources for file in find(source)]
    if not found:
        check_something_landed(home, sources)
    landed, versions = read_landed(home), Versions(sources)
    store = _StoreInMemory(home / "landing", landed)
    known = Known(landed, versions)
    again = Counter(change.landed.source for change in known.changes if not change.needs_rows)
    landing = Landing(store, _Looker(store), versions, known, today)
    landing.redeclare()
    files = [landing.land(file) for file in found]
    files += landing.land_rest(originals)
    report = LandingReport(tuple(files))
    again.update(file.source for file in report.of(Outcome.AGAIN))
    new = Counter({file.source: 0 for file in files if file.outcome is not Outcome.IGNORED})
    new.update(file.source for file in report.of(Outcome.LANDED))
    refused = RefusedFiles(report) if report.of(Outcome.REFUSED) else None
    return LandingPreview(dict(new), dict(again), refused, store.batches(), store.ages())


class _StoreInMemory(Store):
    """The batches and their deliveries as they would be; nothing is written.

    Args:
        root: `<home>/landing`; need not be there.
        landed: What has landed.
    """

    def __init__(self, root: Path, landed: Iterable[Landed]) -> None:
        self.root = root
        self._held = {(one.source, one.batch): set(one.deliveries) for one in landed}
        self._staged: dict[str, set[Delivery]] = {}

    def batches(self) -> tuple[str, ...]:
        """Every batch, sorted."""
        return tuple(sorted({batch for _, batch in self._held}))

    def ages(self) -> dict[str, int]:
        """How many deliveries have come since each batch's own."""
        return ages_of(
            (source, one.file_name, one.sequence, batch)
            for (source, batch), deliveries in self._held.items()
            for one in deliveries
        )

    def stage(self, batch: str, deliveries: Iterable[Delivery]) -> None:
        """Take a batch for staged."""
        self._staged[batch] = set(deliveries)

    def commit(self, source: str, batch: str) -> None:
        """Take a staged batch for committed."""
        self._held[source, batch] = self._staged.pop(batch)

    def discard(self, batch: str) -> None:
        """Forget a staged batch."""
        self._staged.pop(batch, None)

    def record_delivery(self, source: str, batch: str, delivery: Delivery) -> None:
        """Add a delivery to those of a batch."""
        self._held[source, batch].add(delivery)

    def replace_batch(self, change: Replacement) -> bool:
        """Move deliveries from one batch to another; one that has none left is gone."""
        if change.new in self._staged:
            self.commit(change.source, change.new)
        moved = {Delivery(*one) for one in change.deliveries}
        self._held[change.source, change.new] |= moved
        left = self._held.pop((change.source, change.old)) - moved
        if left:
            self._held[change.source, change.old] = left
        return not left

    def parts(self, source: str, batch: str) -> dict[str, Path]:
        """Always empty: a dry run does not read the batch files."""
        return {}


class _Looker(BatchMaker):
    """Looks at the beginning of a file where a landing would make a batch of it.

    Args:
        store: Told of the batch.
    """

    def __init__(self, store: _StoreInMemory) -> None:
        self._memory = store
        self.warnings: list[str] = []

    def stage(self, task: Task) -> FileOutcome:
        """Refuse what is not as the mapping says.

        Raises:
            InputError: The file is of another kind, or lacks columns.
        """
        check_layout(task.path, task.group)
        self._memory.stage(task.batch, task.deliveries)
        return FileOutcome(task.entry.mapping.source, task.facts.name, Outcome.LANDED, batch=task.batch)

    def redeclare(self, change: Change) -> None:
        """The rows stay."""
        self._memory.stage(change.target.batch(change.landed.sha256), change.deliveries)
