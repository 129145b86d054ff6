"""Pulls the objects of one source into its inbox.

Each object is pulled by itself: if one fails, the others are still pulled, and the report names it.
"""

import gzip
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.base.durable import remove_unfinished
from pipelines.base.errors import LoyaltyError, PullError, places_of
from pipelines.base.stopping import is_interrupt
from pipelines.base.text import counted, printable_name
from pipelines.config.pulls import PullSettings
from pipelines.connectors import connector as connectors
from pipelines.connectors.connector import Connector, PulledObject, Say
from pipelines.connectors.pages import SUFFIXES, Begun, PageStore
from pipelines.connectors.pull_lock import hold_pull_lock
from pipelines.connectors.pull_memory import PullMemory
from pipelines.connectors.pull_report import ObjectReport, PullReport, keep_report, last_pull
from pipelines.connectors.pulled_files import delivered, file_name, newest, time_of, time_text
from pipelines.connectors.pulled_source import PulledSource

log = logging.getLogger("loyalty.pull")
# a server may choose the name of an object, and the name of a file must stay below the inbox
_STEM = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,119}")


def pull_source(
    source: PulledSource,
    *,
    only: Iterable[str] | None = None,
    say: Say = lambda _: None,
    connect: Callable[[PullSettings, Say], Connector] | None = None,
) -> PullReport:
    """Pull all objects of a source. Each one becomes at most one file in its inbox.

    Args:
        source: The source.
        only: Names of objects that the last pull could not read; all objects by default. The report has the others too.
        say: Receives the progress.
        connect: Opens the connector; that of the settings by default.

    Returns:
        What was pulled, and which objects failed.

    Raises:
        PullError: The server cannot be used at all.
        ConfigError: Credentials are missing, or the settings do not fit the server.
        LockError: Another process pulls this source.
    """
    warnings: list[str] = []
    report = PullReport(source=source.name, started_at=datetime.now(UTC))
    wanted = None if only is None else set(only)

    def warn(words: str) -> None:
        log.warning("pull of %s: %s", source.name, words)
        warnings.append(words)

    with _known_errors(source.name, "the source"), hold_pull_lock(source.work), keep_report(source, report):
        source.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_unfinished(source.folder, SUFFIXES, below=False)
        memory = PullMemory(source.work)
        before = last_pull(source) if wanted is not None else None
        report.objects += [one for one in before.objects if one.name not in (wanted or ())] if before else []
        with closing((connect or connectors.open_connector)(source.settings, warn)) as connector:
            now = connector.server_time()
            report.server_time = now
            names = delivered(source.home, source.name, source.folder)
            memory.note_ahead(names, now)
            pull = _Pull(source, connector, now, names, memory, say, warn)
            for one in connector.objects():
                if wanted is None or one.name in wanted:
                    say(one.name)
                    earlier = len(warnings)
                    found = pull.pulled(one)
                    found.warnings += warnings[earlier:]
                    report.objects.append(found)
        report.warnings += [words for words in warnings if all(words not in one.warnings for one in report.objects)]
        report.finished_at = datetime.now(UTC)
    return report


def planned_pull(
    source: PulledSource, connect: Callable[[PullSettings, Say], Connector] | None = None
) -> Iterator[str]:
    """What a pull would do, one sentence per object. Only the list of objects and the server's time are asked for.

    Raises:
        PullError: The server cannot be used at all.
        ConfigError: Credentials are missing.
    """
    open_connector = connect or connectors.open_connector
    with _known_errors(source.name, "the source"), closing(open_connector(source.settings, _nothing)) as connector:
        now = connector.server_time()
        names = delivered(source.home, source.name, source.folder)
        pull = _Pull(source, connector, now, names, PullMemory(source.work), _nothing, _nothing)
        for one in connector.objects():
            since, is_full = pull.since(one)
            store = pull.store(one)
            begun = store.begun()
            if begun is not None and begun.key == pull.key(one, since):
                done = f"{counted(store.pages, 'page')} with {counted(store.records, 'record')}"
                yield f"{one.name}: continues the pull of {begun.server_time}, which has already read {done}"
            elif is_full:
                yield f"{one.name}: all records"
            else:
                yield f"{one.name}: what has changed since {_shown(since or '')}"


def _nothing(_: str) -> None:
    """Ignore a message."""


def _shown(cursor: str) -> str:
    """A cursor for people: a time of the server as such."""
    with suppress(ValueError):
        return f"{time_of(cursor):%Y-%m-%d %H:%M:%S} UTC"
    return cursor


@dataclass(frozen=True)
class _Pull:
    """A pull of one source.

    Attributes:
        source: The source.
        connector: Its connector.
        now: The server's time when it began.
        names: The names of all delivered files.
        memory: What earlier pulls have remembered.
        say: Receives the progress.
        warn: Receives warnings.
    """

    source: PulledSource
    connector: Connector
    now: datetime
    names: Sequence[str]
    memory: PullMemory
    say: Say
    warn: Say

    def pulled(self, one: PulledObject) -> ObjectReport:
        """Pull an object. If it fails, the report says why."""
        started = time.monotonic()
        found = ObjectReport(name=one.name)
        try:
            with _known_errors(self.source.name, one.name):
                self._read(one, found)
        except LoyaltyError as problem:
            found.problem, found.hint = problem.message, problem.hint
            found.is_temporary = isinstance(problem, PullError) and problem.is_temporary
            log.warning("pull of %s: %s: %s", self.source.name, one.name, problem.message)
        found.seconds = time.monotonic() - started
        log.info(
            "pull of %s: %s: %d records, %d new, %d pages, %.1f s",
            *(self.source.name, one.name, found.records, found.new_records, found.pages, found.seconds),
        )
        return found

    def since(self, one: PulledObject) -> tuple[str | None, bool]:
        """The cursor to continue from, and whether everything is read."""
        last = None if one.is_snapshot else newest(self._usable(), one.stem, self.now)
        if last is None or self.memory.has_changed(one.stem, one.settings):
            return None, True
        full = newest(self._usable(), one.stem, self.now, full_only=True)
        is_due = full is None or (
            one.full_read_days is not None and self.now - full.server_time >= timedelta(days=one.full_read_days)
        )
        return (None, True) if is_due else (last.cursor, False)

    def store(self, one: PulledObject) -> PageStore:
        """The pages of an object."""
        return PageStore(self.source.work / one.stem)

    def key(self, one: PulledObject, since: str | None) -> str:
        """What an unfinished pull must have begun with to be continued."""
        parts = json.dumps([self.source.settings.connector, one.name, one.settings, one.is_snapshot, since])
        return hashlib.sha256(parts.encode()).hexdigest()

    def _is_empty(self, one: PulledObject) -> bool:
        try:
            return self.connector.is_empty(one)
        except PullError as problem:
            if problem.is_temporary:
                raise
            return False  # the read itself has succeeded

    def _usable(self) -> list[str]:
        return self.memory.usable(self.names)

    def _read(self, one: PulledObject, found: ObjectReport) -> None:
        if not _STEM.fullmatch(one.stem):
            raise PullError(
                f"`{printable_name(one.stem)}` cannot be used as the name of a file",
                hint="use at most 120 letters, digits, `_`, `-` and `.`, or remove this object from `pull`",
            )
        since, is_full = self.since(one)
        key = self.key(one, since)
        store = self.store(one)
        begun = store.begun()
        if begun is None or begun.key != key:
            until = self.connector.until(one, self.now)
            begun = Begun(key=key, since=since, until=until, server_time=time_text(self.now))
            store.begin(begun)
        else:
            found.resumed_pages = store.pages
        found.since = begun.since
        for page in self.connector.pages(one, begun.since, begun.until, store.checkpoint):
            store.add(page.records, page.checkpoint)
            self.say(f"{one.name}: {counted(store.records, 'record')}")
        found.records, found.pages = store.records, store.pages
        last = newest(self._usable(), one.stem, self.now)
        snapshots = {f"{one.stem}{suffix}" for suffix in SUFFIXES}
        had_some = bool(last or snapshots & set(self.names))
        if had_some and not store.records and (is_full or self._is_empty(one)):
            self.warn(
                f"{one.name} is unexpectedly empty: the server has no records, but had some before. What was pulled"
                " before stays"
            )
        found.new_records = _new_records(store, self.source.folder / last.name if last and not is_full else None)
        if found.new_records:
            found.file = file_name(
                one.stem,
                begun.server_time,
                begun.until,
                is_full=is_full,
                is_snapshot=one.is_snapshot,
                suffix=store.suffix,
                taken=self.names,
            )
            store.write(self.source.folder / found.file)
        self.memory.keep(one.stem, one.settings)
        store.discard()


@contextmanager
def _known_errors(source: str, name: str) -> Iterator[None]:
    """Make every error of a source one that a user can read: it must not hold back the other sources.

    Raises:
        PullError: For an error that nobody expected, such as answers of an unknown shape.
    """
    try:
        yield
    except LoyaltyError:
        raise
    except OSError as problem:
        raise PullError(
            f"{name} cannot be stored: {problem.strerror}: {problem.filename}",
            hint="free disk space, or correct the folder `files` of the source; the next pull continues",
        ) from problem
    except Exception as problem:
        if is_interrupt(problem):
            raise
        log.error("pull of %s: %s: unexpected %s\n%s", source, name, type(problem).__name__, places_of(problem))
        raise PullError(
            f"{name} has an answer of an unknown shape ({type(problem).__name__})",
            hint="report this error with the traceback in the log; the other objects are pulled",
        ) from problem


def _new_records(store: PageStore, last: Path | None) -> int:
    """How many records are not in the last file: the overlap of two pulls is read twice."""
    if last is None or not last.is_file():
        return store.records
    if last.suffix == ".parquet":
        return store.rows_not_in(last)
    with gzip.open(last, "rb") as file:
        known = {hashlib.blake2b(line, digest_size=16).digest() for line in file}
    return sum(hashlib.blake2b(line, digest_size=16).digest() not in known for line in store.lines())
