"""Landing: every new file of every source becomes one immutable batch, or is refused as a whole.

This module defines the order of the steps for a file and for a run. make_batch.py makes the batch of a file, and
outdated.py finds the landed files for which the mapping has changed.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.errors import InputError
from pipelines.base.scarcity import scarcity_behind
from pipelines.base.text import printable_name
from pipelines.config.home import Home
from pipelines.landing.batches import Delivery, Store
from pipelines.landing.check import check_something_landed
from pipelines.landing.delivered import State, sha256_of, state_of
from pipelines.landing.formats import contradictions
from pipelines.landing.inbox import Found, SourceFiles, files_below, find
from pipelines.landing.inbox_snapshot import write_snapshot
from pipelines.landing.index import update_index
from pipelines.landing.landing_state import Known
from pipelines.landing.make_batch import BatchMaker, EarlierBatch, Erase, NotLandedAgain, Task
from pipelines.landing.model import FileGroup
from pipelines.landing.open_marks import left_open
from pipelines.landing.outdated import Change, Versions, read_landed
from pipelines.landing.outdated_files import ignored_error, outdated_files
from pipelines.landing.packs import update_packs
from pipelines.landing.prepare import prepare
from pipelines.landing.replacement import Replacement
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, Progress, RefusedFiles
from pipelines.landing.rows import FileFacts

_log = logging.getLogger("loyalty.landing")


def land(
    home: Path,
    sources: Sequence[SourceFiles],
    *,
    today: date,
    progress: Progress | None = None,
    erase: Erase | None = None,
    originals: Path | None = None,
) -> LandingReport:
    """Land every new file, and land again the files that were landed with an older version of the mapping.

    Args:
        home: The home folder; batches go to `<home>/landing`.
        sources: The sources, each with its mapping and folder.
        today: The business day of landing. Later times count as "in the future".
        progress: Called after each file.
        erase: Called with each batch before it is committed, if anybody has been erased.
        originals: A folder with files that have landed and are no longer in the inbox, under any names. They are used
            only to land these files again. They do not count as deliveries.

    Returns:
        The outcome of each file.

    Raises:
        RefusedFiles: A file was refused. The other files have landed; see the error's `report`.
        InputError: A source's folder does not exist, or there is no file and nothing has ever landed.
    """
    begun = time.monotonic()
    found = [file for source in sources for file in find(source)]
    store = Store(home / "landing")
    if orphans := prepare(store):
        _log.warning("removed %d incomplete batch folders of a killed run", orphans)
    try:
        if not found:
            check_something_landed(home, sources)
        with _connect(store) as connection:
            maker = BatchMaker(store, connection, erase)
            landing = Landing(store, maker, today)
            files: list[FileOutcome] = []
            redeclared_files = 0
            for level in range(1 + max(_levels(sources), default=0)):  # files that others look up land first
                versions = Versions(sources, maker.make_lookups() if level else {})
                landing.reach(level, versions, Known(read_landed(home), versions))
                redeclared_files += landing.redeclare()
                for file in (file for file in found if _level(file) == level):
                    files.append(landing.land(file))
                    if progress is not None:
                        progress(files[-1], len(files), len(found))
                files += landing.land_rest(originals)
            write_snapshot(Home(home), landing.read_states)
    finally:
        store.close()
        update_index(store.root)
        update_packs(store.root)
    outdated = outdated_files(read_landed(home), sources) if landing.is_outdated else {}
    mappings = [source.mapping for source in sources]
    warnings = [text for one in mappings for text in (*contradictions(one), *left_open(one))]
    warnings += [*maker.warnings, *(message for one in outdated.values() for message in one.obstacles())]
    left = sum(one.files for one in outdated.values())
    seconds = time.monotonic() - begun
    report = LandingReport(tuple(files), tuple(warnings), orphans, seconds, redeclared_files, left)
    if report.of(Outcome.REFUSED):
        raise RefusedFiles(report)
    return report


def _levels(sources: Sequence[SourceFiles]) -> list[int]:
    return [source.mapping.level(group) for source in sources for group in source.mapping.files]


def _level(file: Found) -> int:
    return file.source.mapping.level(file.group) if file.group is not None else 0


def _connect(store: Store) -> duckdb.DuckDBPyConnection:
    connection = connect(spill=store.scratch / "spill")
    connection.execute("set TimeZone = 'UTC'")
    return connection


class Landing:
    """One run of landing.

    Args:
        store: The landing folder.
        maker: Makes batches.
        today: The business day.
    """

    def __init__(self, store: Store, maker: BatchMaker, today: date) -> None:
        self.read_states: dict[str, dict[str, State]] = {}
        self._store = store
        self._maker = maker
        self._today = today
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
        before, sha256 = state_of(file.path), sha256_of(file.path)
        self._paths.setdefault((source, sha256), (file.path, before))
        target = self._versions.target(file.source, group, file.file_on)
        key, batch = target.key(sha256), target.batch(sha256)
        again = None
        for change in self._of_level(self._known.changes_of(source, sha256)):
            if file.name in change.names or change.target.key(sha256) == key:
                again = self._land_again_or_keep(change, file.path, before)
        sequence, batch_before = self._known.latest(source, file.name)
        delivery = Delivery(file.name, sequence + 1, self._today)
        if known := self._known.batch(key):
            if known != batch_before:
                self._store.record_delivery(source, known, delivery)
                self._known.deliver(source, key, known, delivery)
            return again or self._skipped(file, known, is_back=bool(batch_before) and known != batch_before)
        facts = FileFacts(file.name, sha256, file.file_on, self._today)
        task = Task(file.path, before, file.source, group, facts, batch, target.rows, [delivery])
        try:
            outcome = self._maker.stage(task)
            self._store.commit(source, batch)
        finally:
            self._store.discard(batch)
        self._known.deliver(source, key, batch, delivery)
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
            self._maker.warnings.append(
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
                outcome = replace(self._maker.stage(task), outcome=Outcome.AGAIN)
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
