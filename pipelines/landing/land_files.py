"""One run of landing: lands each file, or says why not, and lands again what an older mapping landed.

land.py calls it for all files. make_batch.py makes the batch of a file.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.base.scarcity import scarcity_behind
from pipelines.base.text import printable_name
from pipelines.landing.ahead import Ahead, is_small
from pipelines.landing.batches import Delivery, Store
from pipelines.landing.delivered import State, sha256_of, state_of
from pipelines.landing.inbox import Found, files_below
from pipelines.landing.landing_state import Known
from pipelines.landing.make_batch import BatchMaker, EarlierBatch, NotLandedAgain, Task
from pipelines.landing.model import FileGroup
from pipelines.landing.outdated import Change, Target, Versions
from pipelines.landing.outdated_files import ignored_error
from pipelines.landing.replacement import Replacement
from pipelines.landing.report import FileOutcome, Outcome
from pipelines.landing.rows import FileFacts
from pipelines.landing.shifted_dates import DateColumn


class Landing:
    """One run of landing.

    Args:
        store: The landing folder.
        maker: Makes batches.
        today: The business day.
        ahead: Makes batches of small files ahead of their turn.
    """

    def __init__(self, store: Store, maker: BatchMaker, today: date, ahead: Ahead | None = None) -> None:
        self.read_states: dict[str, dict[str, State]] = {}
        self.warnings: list[str] = []
        self.shifted_dates: dict[DateColumn, tuple[int, int]] = {}
        self._store = store
        self._maker = maker
        self._today = today
        self._ahead = ahead
        self._paths: dict[tuple[str, str], tuple[Path, State]] = {}  # by source and hash
        self.reach(None, versions := Versions(()), Known((), versions))

    def reach(self, level: int | None, versions: Versions, known: Known) -> None:
        """Begin with the files of a level of look-ups.

        Args:
            level: The level; None for files of all levels.
            versions: The current mappings.
            known: What has landed.
        """
        self._level = level
        self._versions = versions
        self._known = known
        self._tried: set[int] = set()  # changes, by id

    @property
    def is_outdated(self) -> bool:
        """Whether there are still landed files that the current mapping lands differently or does not match."""
        return self._known.is_outdated

    def _of_level(self, changes: Sequence[Change]) -> list[Change]:
        if self._level is None:
            return list(changes)
        targets = ((change, change.target) for change in changes)
        return [change for change, target in targets if target.entry.mapping.level(target.group) == self._level]

    def redeclare(self) -> int:
        """Apply the mapping's current declarations to batches whose rows stay the same. Returns how many changed."""
        changes = [change for change in self._of_level(self._known.changes) if not change.needs_rows]
        for change in changes:
            if self._known.batch(change.target.key(change.landed.sha256)) is None:
                self._maker.redeclare(change)
            self._commit(change)
        return len(changes)

    def land_all(self, files: Sequence[Found]) -> Iterator[FileOutcome]:
        """Land files in their order. Small files are staged ahead of their turn, a large file alone."""
        begun = 0
        for index, file in enumerate(files):
            begun = max(begun, index)
            if self._ahead is not None and is_small(file):
                for later in itertools.takewhile(is_small, files[begun : index + self._ahead.n_files]):
                    self._begin(self._ahead, later)
                    begun += 1
            yield self.land(file)

    def _begin(self, ahead: Ahead, file: Found) -> None:
        """Begin to stage a file if its content is new; whatever is wrong with it is reported when its turn comes."""
        if file.problem is not None or file.group is None or file.group.ignore is not None or file.group.look_up:
            return
        with suppress(InputError, OSError):
            before, sha256, target = self._content(file, file.group)
            changes = self._known.changes_of(file.source.mapping.source, sha256)
            if self._known.batch(target.key(sha256)) is None and not changes:
                ahead.begin(self._task(file, target, before, sha256))

    def land(self, file: Found) -> FileOutcome:
        """Land one file, or report why it cannot be landed."""
        source = file.source.mapping.source
        begun = time.monotonic()
        has_landed = self._known.latest(source, file.name) != (0, "")
        try:
            if file.problem is not None:
                raise file.problem
            assert file.group is not None  # find() sets a group or a problem
            if file.group.ignore is not None:
                if has_landed:
                    raise ignored_error()
                return FileOutcome(source, file.name, Outcome.IGNORED, note=file.group.ignore)
            before = state_of(file.path)
            outcome = replace(self._land(file, file.group), seconds=time.monotonic() - begun)
            self.read_states.setdefault(source, {})[file.name] = before
            return outcome
        except InputError as error:
            return self._refused(source, file.name, file.file_on, error, has_landed, begun)

    def land_rest(self, originals: Path | None) -> Iterator[FileOutcome]:
        """Land again the contents that were not in the inbox under their own names.

        Another file of the inbox or one of the originals may have the content.
        """
        rest = [change for change in self._of_level(self._known.changes) if id(change) not in self._tried]
        if originals is not None:
            self._look_for({(one.landed.source, one.landed.sha256) for one in rest} - self._paths.keys(), originals)
        for change in rest:
            landed, begun = change.landed, time.monotonic()
            if (at := self._paths.get((landed.source, landed.sha256))) is None:
                continue
            try:
                if outcome := self._land_again_or_keep(change, *at):
                    yield replace(outcome, seconds=time.monotonic() - begun)
            except InputError as error:
                yield self._refused(landed.source, change.name, change.target.file_on, error, True, begun)

    def _refused(
        self, source: str, name: str, file_on: date | None, error: InputError, has_landed: bool, begun: float
    ) -> FileOutcome:
        if scarce := scarcity_behind(error, self._store.root.parent):
            raise scarce from error  # the file is not the cause
        return FileOutcome(
            source,
            name,
            Outcome.REFUSED,
            note=f"{error.message}; its earlier rows stay in force" if has_landed else error.message,
            hint=error.hint,
            file_on=file_on,
            seconds=time.monotonic() - begun,
        )

    def _land(self, file: Found, group: FileGroup) -> FileOutcome:
        source = file.source.mapping.source
        before, sha256, target = self._content(file, group)
        self._paths.setdefault((source, sha256), (file.path, before))
        key, batch = target.key(sha256), target.batch(sha256)
        again = None
        for change in self._of_level(self._known.changes_of(source, sha256)):
            if file.name in change.names or change.target.key(sha256) == key:
                again = self._land_again_or_keep(change, file.path, before)
        _, batch_before = self._known.latest(source, file.name)
        delivery = self._delivery(source, file.name)
        if known := self._known.batch(key):
            if known != batch_before:
                self._store.record_delivery(source, known, delivery)
                self._known.deliver(source, key, known, delivery)
            return again or self._skipped(file, known, is_back=bool(batch_before) and known != batch_before)
        try:
            outcome = self._stage(self._task(file, target, before, sha256))
            self._store.commit(source, batch)
        finally:
            self._store.discard(batch)
        self._known.deliver(source, key, batch, delivery)
        return outcome

    def _content(self, file: Found, group: FileGroup) -> tuple[State, str, Target]:
        """The state of a file, the hash of its content, and how it lands."""
        before, sha256 = state_of(file.path), sha256_of(file.path)
        return before, sha256, self._versions.target(file.source, group, file.file_on)

    def _delivery(self, source: str, name: str) -> Delivery:
        """The delivery of a file that is landed next."""
        sequence, _ = self._known.latest(source, name)
        return Delivery(name, sequence + 1, self._today)

    def _task(self, file: Found, target: Target, before: State, sha256: str) -> Task:
        """The task for a new content."""
        facts = FileFacts(file.name, sha256, file.file_on, self._today)
        deliveries = [self._delivery(file.source.mapping.source, file.name)]
        batch = target.batch(sha256)
        return Task(file.path, before, file.source, target.group, facts, batch, target.rows, deliveries)

    def _stage(self, task: Task) -> FileOutcome:
        """Stage a batch, unless that was done ahead; the caller commits or discards it."""
        outcome = (self._ahead and self._ahead.outcome(task)) or self._maker.stage(task)
        self.warnings += outcome.warnings
        for column, values in outcome.shifted_dates.items():
            before, files = self.shifted_dates.get(column, (0, 0))
            self.shifted_dates[column] = before + values, files + 1
        return outcome

    def _skipped(self, file: Found, batch: str, *, is_back: bool) -> FileOutcome:
        name = self._known.name(batch)
        note = "has landed before" if name == file.name else f"has landed before, as {name}"
        if is_back:
            note += "; the content was delivered again, so it replaces the content that was delivered in between"
        source = file.source.mapping.source
        return FileOutcome(source, file.name, Outcome.SKIPPED, note=note, file_on=file.file_on, batch=batch)

    def _land_again_or_keep(self, change: Change, path: Path, before: State) -> FileOutcome | None:
        """Like `_land_again`. Returns None, with a warning, if the earlier rows must stay."""
        landed, key = change.landed, change.target.key(change.landed.sha256)
        if self._known.batch(key) == landed.batch:
            return None
        try:
            return self._land_again(change, path, before)
        except NotLandedAgain as reason:
            self._known.keep(key, landed.batch)
            self.warnings.append(
                f"{landed.source}: {printable_name(change.name)} was landed with an older version of the mapping and is"
                f" not landed again: {reason.message}. {reason.hint}"
            )
            return None

    def _land_again(self, change: Change, path: Path, before: State) -> FileOutcome:
        """Land a content with the current mapping, and replace its earlier batch."""
        landed, target = change.landed, change.target
        batch = target.batch(landed.sha256)
        outcome = FileOutcome(landed.source, change.name, Outcome.AGAIN, file_on=target.file_on, batch=batch)
        self._tried.add(id(change))
        try:
            if self._known.batch(target.key(landed.sha256)) is None:
                # "in the future" depends on the day of the first delivery
                came_on = min(delivery.delivered_on for delivery in change.deliveries)
                facts = FileFacts(change.name, landed.sha256, target.file_on, came_on)
                earlier = EarlierBatch(self._store.parts(landed.source, landed.batch), landed.records)
                task = Task(
                    path, before, target.entry, target.group, facts, batch, target.rows, change.deliveries, earlier
                )
                outcome = replace(self._stage(task), outcome=Outcome.AGAIN)
            self._commit(change)
        finally:
            self._store.discard(batch)
        return outcome

    def _commit(self, change: Change) -> None:
        """Replace the earlier batch of a content by its new one, which is staged or already committed."""
        landed, target = change.landed, change.target
        batch = self._known.batch(target.key(landed.sha256)) or target.batch(landed.sha256)
        moved = tuple((one.file_name, one.sequence, one.delivered_on) for one in change.deliveries)
        is_removed = self._store.replace_batch(Replacement(landed.source, landed.batch, batch, moved))
        self._known.change(change, batch, is_removed=is_removed)

    def _look_for(self, wanted: set[tuple[str, str]], folder: Path) -> None:
        """Find the wanted contents below a folder, under any file names."""
        for path in files_below(folder) if wanted else ():
            before, sha256 = state_of(path), sha256_of(path)
            self._paths |= {key: (path, before) for key in wanted if key[1] == sha256}
