"""Previews a landing without landing anything: it runs the decisions of land.py on a landing folder in memory.

Every file is hashed, and the beginning of each file that would land is read; for look-ups, whole files. Problems that
only the whole file shows (such as an expression that fails on a value) are not found.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipelines.landing.batches import Delivery, Store
from pipelines.landing.check import check_something_landed
from pipelines.landing.deliveries import ages_of
from pipelines.landing.inbox import SourceFiles, find
from pipelines.landing.land_files import Landing
from pipelines.landing.landing_state import Known
from pipelines.landing.lookup_preview import preview_look_ups
from pipelines.landing.make_batch import BatchMaker, Task
from pipelines.landing.outdated import Change, Landed, Versions, read_landed
from pipelines.landing.readers import check_layout
from pipelines.landing.replacement import Replacement
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, RefusedFiles


@dataclass(frozen=True)
class LandingPreview:
    """What a landing would do.

    Attributes:
        new: By source, the number of files that would land; without sources that have no file.
        again: By source, the number of landed files that would be updated to the current mapping; without sources that
            have none.
        refused: The error with which the landing would end; None if no file would be refused.
        batches: The batches that would exist afterwards, sorted.
        ages: Per batch, how many later deliveries of its file there would be.
        look_ups: What the files would find in look-ups, and what they would not.
    """

    new: Mapping[str, int]
    again: Mapping[str, int]
    refused: RefusedFiles | None
    batches: tuple[str, ...]
    ages: Mapping[str, int]
    look_ups: tuple[str, ...] = ()


def preview_landing(
    home: Path, sources: Sequence[SourceFiles], *, today: date, originals: Path | None = None
) -> LandingPreview:
    """What `land` would do with the same arguments.

    Raises:
        InputError: A source's folder does not exist, or there is no file and nothing has ever landed.
    """
    found = [file for source in sources for file in find(source)]
    if not found:
        check_something_landed(home, sources)
    landed, versions = read_landed(home), Versions(sources)
    looked_up = [
        (source, preview_look_ups(home, landed, source, [file for file in found if file.source is source]))
        for source in sources
    ]
    stale = {batch for _, one in looked_up for batch in one.stale}
    landed = tuple(replace(one, is_stale=(one.source, one.batch) in stale) for one in landed)
    store = _StoreInMemory(home / "landing", landed)
    known = Known(landed, versions)
    again = Counter(change.landed.source for change in known.changes if not change.needs_rows)
    landing = Landing(store, _LayoutChecker(store), today)
    landing.reach(None, versions, known)
    landing.redeclare()
    files = [landing.land(file) for file in found]
    files += landing.land_rest(originals)
    report = LandingReport(tuple(files))
    again.update(file.source for file in report.of(Outcome.AGAIN))
    new = Counter({file.source: 0 for file in files if file.outcome is not Outcome.IGNORED})
    new.update(file.source for file in report.of(Outcome.LANDED))
    refused = RefusedFiles(report) if report.of(Outcome.REFUSED) else None
    messages = [f"{source.mapping.source}: {text}" for source, one in looked_up for text in (*one.notes, *one.warnings)]
    return LandingPreview(dict(new), dict(again), refused, store.batches(), store.ages(), tuple(messages))


class _StoreInMemory(Store):
    """A landing folder that keeps batches and deliveries only in memory.

    Args:
        root: `<home>/landing`; it need not exist.
        landed: What has landed.
    """

    def __init__(self, root: Path, landed: Iterable[Landed]) -> None:
        self.root = root
        self._committed = {(one.source, one.batch): set(one.deliveries) for one in landed}
        self._staged: dict[str, set[Delivery]] = {}

    def batches(self) -> tuple[str, ...]:
        """Every batch, sorted."""
        return tuple(sorted({batch for _, batch in self._committed}))

    def ages(self) -> dict[str, int]:
        """Per batch, how many later deliveries of its file there are."""
        return ages_of(
            (source, one.file_name, one.sequence, batch)
            for (source, batch), deliveries in self._committed.items()
            for one in deliveries
        )

    def stage(self, batch: str, deliveries: Iterable[Delivery]) -> None:
        """Record a batch as staged."""
        self._staged[batch] = set(deliveries)

    def commit(self, source: str, batch: str) -> None:
        """Record a staged batch as committed."""
        self._committed[source, batch] = self._staged.pop(batch)

    def discard(self, batch: str) -> None:
        """Delete a staged batch."""
        self._staged.pop(batch, None)

    def record_delivery(self, source: str, batch: str, delivery: Delivery) -> None:
        """Add a delivery to a batch."""
        self._committed[source, batch].add(delivery)

    def replace_batch(self, change: Replacement) -> bool:
        """Move deliveries from one batch to another. A batch without deliveries is removed."""
        if change.new in self._staged:
            self.commit(change.source, change.new)
        moved = {Delivery(*one) for one in change.deliveries}
        self._committed[change.source, change.new] |= moved
        left = self._committed.pop((change.source, change.old)) - moved
        if left:
            self._committed[change.source, change.old] = left
        return not left

    def parts(self, source: str, batch: str) -> dict[str, Path]:
        """Always empty: a preview does not read the files of batches."""
        return {}


class _LayoutChecker(BatchMaker):
    """Checks the beginning of a file where a landing would make a batch from it.

    Args:
        store: Receives the batches.
    """

    def __init__(self, store: _StoreInMemory) -> None:
        self._memory = store

    def stage(self, task: Task) -> FileOutcome:
        """Check the layout of a file and record its batch as staged.

        Raises:
            InputError: The file is of another kind, or lacks columns.
        """
        check_layout(task.path, task.group)
        self._memory.stage(task.batch, task.deliveries)
        return FileOutcome(task.entry.mapping.source, task.facts.name, Outcome.LANDED, batch=task.batch)

    def redeclare(self, change: Change) -> None:
        """Record the batch as staged; its rows stay."""
        self._memory.stage(change.target.batch(change.landed.sha256), change.deliveries)
