"""Pulls the objects of one source into its inbox. It also defines the interface of connectors.

Each object is pulled by itself: if one fails, the others are still pulled, and the report names it.
"""

import gzip
import hashlib
import importlib
import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipelines.base.errors import LoyaltyError, PullError
from pipelines.base.stopping import is_interrupt
from pipelines.base.text import counted, printable_name
from pipelines.config.pulls import PullSettings
from pipelines.connectors.pages import SUFFIXES, Begun, Checkpoint, PageStore, Record
from pipelines.connectors.pull_lock import hold_pull_lock
from pipelines.connectors.pull_memory import PullMemory
from pipelines.connectors.pull_report import ObjectReport, PullReport, keep_report, last_pull
from pipelines.connectors.pulled_files import delivered, file_name, newest, time_of, time_text
from pipelines.connectors.pulled_source import PulledSource

log = logging.getLogger("loyalty.pull")
# a server may choose the name of an object, and the name of a file must stay below the inbox
_STEM = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,119}")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Page:
    """A page of records.

    Attributes:
        records: The records as the vendor gives them, or a table. A page may have none.
        checkpoint: From where a pull that was stopped after this page continues.
    """

    records: Sequence[Record] | pa.Table
    checkpoint: Checkpoint


@dataclass(frozen=True)
class PulledObject:
    """A kind of record that is pulled by itself, into files of its own.

    Attributes:
        name: Its name, as the vendor writes it.
        stem: The beginning of the names of its files.
        is_snapshot: Whether every pull reads all records, and its file replaces the earlier one.
        full_read_days: After this many days everything is read again; None: only the first time.
        settings: What decides the content of its files: an unfinished pull is continued only with the same.
    """

    name: str
    stem: str
    is_snapshot: bool = False
    full_read_days: int | None = None
    settings: str = ""


class Connector(Protocol):
    """Reads the objects of one vendor. It gets its settings and its callbacks when it is made."""

    def objects(self) -> Sequence[PulledObject]:
        """The objects to pull.

        Raises:
            PullError: The server cannot be used at all.
        """

    def server_time(self) -> datetime:
        """The present time by the server's clock, UTC.

        Raises:
            PullError: The server cannot be used at all.
        """

    def until(self, one: PulledObject, now: datetime) -> str:
        """The cursor of a pull that begins now; the next pull reads what comes after it. Asked before its first page.

        Args:
            one: The object.
            now: The server's time.
        """

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The pages of an object.

        Every record that the server changed after `since` must be in a page, also if it changes while pages are read;
        a record may be in several. So a connector reads from some time before `since`, and reads on after `until`.

        Two versions of a record must not have the same time of change: staging could not know which one is newer. A
        record that was changed in the very second of the answer (`Answer.server_time`) could change again in that
        second. So a page with such a record is read again when the second is over.

        Args:
            one: The object.
            since: The cursor of the last pull that delivered a file; None: everything is read.
            until: The cursor of this pull.
            checkpoint: That of the last page of a stopped pull, or None.

        Raises:
            PullError: The object cannot be read.
        """

    def close(self) -> None:
        """Close its connections."""


def open_connector(settings: PullSettings, warn: Say) -> Connector:
    """The connector that the settings name.

    Args:
        settings: The group `pull` of a source.
        warn: Receives what a user should know, such as a module that is missing.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    # imported late: each has its own libraries
    module = importlib.import_module(f"pipelines.connectors.{settings.connector}")
    connector: Connector = module.connect(settings, warn)
    return connector


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
        connect: Opens the connector; `open_connector` by default.

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
        memory = PullMemory(source.work)
        before = last_pull(source) if wanted is not None else None
        report.objects += [one for one in before.objects if one.name not in (wanted or ())] if before else []
        with closing((connect or open_connector)(source.settings, warn)) as connector:
            now = connector.server_time()
            report.server_time = now
            names = delivered(source.home, source.name, source.folder)
            for one in connector.objects():
                if wanted is None or one.name in wanted:
                    say(one.name)
                    told = len(warnings)
                    found = _pull_object(source, connector, one, now, names, memory, say, warn)
                    found.warnings += warnings[told:]
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
    with closing((connect or open_connector)(source.settings, lambda _: None)) as connector:
        now = connector.server_time()
        memory = PullMemory(source.work)
        names = memory.usable(delivered(source.home, source.name, source.folder), now, is_kept=False)
        for one in connector.objects():
            store = PageStore(source.work / one.stem)
            since, is_full = _since(one, names, now, memory)
            begun = store.begun()
            if begun is not None and begun.key == _key(source, one, since):
                done = f"{counted(store.pages, 'page')} with {counted(store.records, 'record')}"
                yield f"{one.name}: continues the pull of {begun.server_time}, which has {done}"
            elif is_full:
                yield f"{one.name}: all records"
            else:
                yield f"{one.name}: what has changed since {_shown(since or '')}"


def _shown(cursor: str) -> str:
    """A cursor for people: a time of the server as such; otherwise without the mark at its end."""
    with suppress(ValueError):
        return f"{time_of(cursor):%Y-%m-%d %H:%M:%S} UTC"
    return cursor.rpartition(".")[0] or cursor


def _pull_object(
    source: PulledSource,
    connector: Connector,
    one: PulledObject,
    now: datetime,
    names: Sequence[str],
    memory: PullMemory,
    say: Say,
    warn: Say,
) -> ObjectReport:
    started = time.monotonic()
    found = ObjectReport(name=one.name)
    try:
        with _known_errors(source.name, one.name):
            _read_object(source, connector, one, now, names, memory, found, say, warn)
    except LoyaltyError as problem:
        found.problem, found.hint = problem.message, problem.hint
        found.is_temporary = isinstance(problem, PullError) and problem.is_temporary
        log.warning("pull of %s: %s: %s", source.name, one.name, problem.message)
    found.seconds = time.monotonic() - started
    log.info(
        "pull of %s: %s: %d records, %d new, %d pages, %.1f s",
        *(source.name, one.name, found.records, found.new_records, found.pages, found.seconds),
    )
    return found


def _read_object(
    source: PulledSource,
    connector: Connector,
    one: PulledObject,
    now: datetime,
    names: Sequence[str],
    memory: PullMemory,
    found: ObjectReport,
    say: Say,
    warn: Say,
) -> None:
    if not _STEM.fullmatch(one.stem):
        raise PullError(
            f"`{printable_name(one.stem)}` cannot be the name of a file",
            hint="names have at most 120 letters, digits, `_`, `-` and `.`: leave this object out in `pull`",
        )
    usable = memory.usable(names, now)
    since, is_full = _since(one, usable, now, memory)
    key = _key(source, one, since)
    store = PageStore(source.work / one.stem)
    begun = store.begun()
    if begun is None or begun.key != key:
        begun = Begun(key=key, since=since, until=connector.until(one, now), server_time=time_text(now))
        store.begin(begun)
    else:
        found.resumed_pages = store.pages
    found.since = begun.since
    for page in connector.pages(one, begun.since, begun.until, store.checkpoint):
        store.add(page.records, page.checkpoint)
        say(f"{one.name}: {counted(store.records, 'record')}")
    found.records, found.pages = store.records, store.pages
    last = newest(usable, one.stem, now)
    if not store.records and is_full and (last or {f"{one.stem}{suffix}" for suffix in SUFFIXES} & set(names)):
        warn(f"{one.name}: the server has no records, but had some before. What was pulled before stays")
    found.new_records = _new_records(store, source.folder / last.name if last and not is_full else None)
    if found.new_records:
        found.file = file_name(
            one.stem,
            begun.server_time,
            begun.until,
            is_full=is_full,
            is_snapshot=one.is_snapshot,
            suffix=store.suffix,
            taken=names,
        )
        store.write(source.folder / found.file)
    memory.keep(one.stem, one.settings)
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
        # the message may quote a record, the places in the code do not
        places = "".join(traceback.format_tb(problem.__traceback__))
        log.error("pull of %s: %s: unexpected %s\n%s", source, name, type(problem).__name__, places)
        raise PullError(
            f"{name} has an answer of an unknown shape ({type(problem).__name__})",
            hint="report it with the places that the log has; the other objects are pulled",
        ) from problem


def _since(one: PulledObject, names: Sequence[str], now: datetime, memory: PullMemory) -> tuple[str | None, bool]:
    """The cursor to continue from, and whether everything is read."""
    if memory.has_changed(one.stem, one.settings):
        return None, True
    last = None if one.is_snapshot else newest(names, one.stem, now)
    full = None if last is None else newest(names, one.stem, now, full_only=True)
    is_due = full is None or (
        one.full_read_days is not None and now - full.server_time >= timedelta(days=one.full_read_days)
    )
    return (None, True) if last is None or is_due else (last.cursor, False)


def _key(source: PulledSource, one: PulledObject, since: str | None) -> str:
    parts = json.dumps([source.settings.connector, one.name, one.settings, one.is_snapshot, since])
    return hashlib.sha256(parts.encode()).hexdigest()


def _new_records(store: PageStore, last: Path | None) -> int:
    """How many records are not in the last file: the overlap of two pulls is read twice."""
    if last is None or not last.is_file():
        return store.records
    if last.suffix == ".parquet":
        return store.rows_not_in(last)
    with gzip.open(last, "rb") as file:
        known = {hashlib.blake2b(line, digest_size=16).digest() for line in file}
    return sum(hashlib.blake2b(line, digest_size=16).digest() not in known for line in store.lines())
