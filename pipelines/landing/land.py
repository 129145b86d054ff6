"""Landing: every new file of every source becomes one immutable batch, or is refused whole.

This module holds the order of things: what is done with a file, and what with a run. Reading, row-making and writing
have modules of their own.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import InputError
from pipelines.home import Home
from pipelines.landing.batches import (
    DELIVERIES,
    LEDGER,
    UNREADABLE,
    Delivery,
    Store,
    batch_of,
    deliveries_table,
    read_deliveries,
    read_ledger,
)
from pipelines.landing.check import check_something_landed
from pipelines.landing.delivered import State, sha256_of, state_of
from pipelines.landing.doubts import doubts_of, is_cut_off
from pipelines.landing.expressions import quote_text
from pipelines.landing.formats import contradictions
from pipelines.landing.inbox import Found, SourceFiles, find
from pipelines.landing.ledger import ledger_table
from pipelines.landing.mapping import fingerprint
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read
from pipelines.landing.relation import Reading
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, Progress, RefusedFiles
from pipelines.landing.rows import FileFacts, RowSql
from pipelines.landing.seen import write_seen
from pipelines.landing.spans import Span, as_table
from pipelines.scarcity import scarcity_behind

# Half of what a small file costs is these two optimizers' planning; at a million records they save a fifth.
_DEAR_TO_PLAN = "statistics_propagation,common_subexpressions"
_WORTH_PLANNING = 20_000

_REPORT = "Report it with a sample of the file."

Erase = Callable[[Path, str], Mapping[str, int]]
"""Erases who must not land from a staged batch (its folder, its source); gives the rows removed, by entity."""

_log = logging.getLogger("loyalty.landing")


def land(
    home: Path,
    sources: Sequence[SourceFiles],
    *,
    today: date,
    progress: Progress | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    erase: Erase | None = None,
) -> LandingReport:
    """Land every file that has not landed yet.

    Args:
        home: The home folder; batches go to `<home>/landing`.
        sources: The sources, each with its mapping and folder.
        today: The business day of landing, the bound for "in the future".
        progress: Called after each file.
        memory_limit: DuckDB's, such as `4GB`.
        threads: DuckDB's.
        erase: Called with each batch before it is committed, where somebody has been erased.

    Returns:
        What became of each file.

    Raises:
        RefusedFiles: Where a file was refused, after the others have landed; the report is in its `report`.
        InputError: Where a source's folder is not there, or nothing has ever landed and there is no file.
    """
    begun = time.monotonic()
    found = [file for source in sources for file in find(source)]
    store = Store(home / "landing")
    if orphans := store.prepare():
        _log.warning("removed %d batch folders that a killed run left", orphans)
    try:
        if not found:
            check_something_landed(home, sources)
        with _connect(store, memory_limit, threads) as connection:
            landing = _Landing(store, connection, today, read_ledger(home), read_deliveries(home), erase)
            landing.warnings += [warning for source in sources for warning in contradictions(source.mapping)]
            files = []
            for file in found:
                files.append(landing.land(file))
                if progress is not None:
                    progress(files[-1], len(files), len(found))
            write_seen(Home(home), landing.seen)
    finally:
        store.close()
    report = LandingReport(tuple(files), tuple(landing.warnings), orphans, time.monotonic() - begun)
    if report.of(Outcome.REFUSED):
        raise RefusedFiles(report)
    return report


def _connect(store: Store, memory_limit: str | None, threads: int | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")  # progress is told per file; --json owns the output
    connection.execute(f"set temp_directory = {quote_text(str(store.scratch / 'spill'))}")
    if memory_limit is not None:
        connection.execute(f"set memory_limit = {quote_text(memory_limit)}")
    if threads is not None:
        connection.execute(f"set threads = {int(threads)}")
    return connection


class _Landing:
    """One run of landing: what has landed so far, and the connection that works.

    Args:
        store: The landing folder.
        connection: A DuckDB of our own.
        today: The business day.
        ledger: What has landed before.
        deliveries: Every delivery before.
        erase: As `land` has it.
    """

    def __init__(
        self,
        store: Store,
        connection: duckdb.DuckDBPyConnection,
        today: date,
        ledger: pa.Table,
        deliveries: pa.Table,
        erase: Erase | None,
    ) -> None:
        self._erase = erase
        self.warnings: list[str] = []
        self.seen: dict[str, dict[str, State]] = {}
        self._store = store
        self._connection = connection
        self._today = today
        self._landed: dict[tuple[str, str], tuple[str, str]] = {
            (row["source"], row["batch"]): (row["file_name"], row["mapping_sha256"])
            for row in ledger.select(["source", "batch", "file_name", "mapping_sha256"]).to_pylist()
        }
        # sorted by sequence, so that the last one stays
        self._delivered: dict[tuple[str, str], tuple[int, str]] = {
            (row["source"], row["file_name"]): (row["sequence"], row["batch"]) for row in deliveries.to_pylist()
        }

    def land(self, file: Found) -> FileOutcome:
        """Land one file, or say why not."""
        begun = time.monotonic()
        source = file.source.mapping.source
        try:
            if file.problem is not None:
                raise file.problem
            assert file.group is not None  # find() gives a group or a problem
            if file.group.ignore is not None:
                return FileOutcome(source, file.name, Outcome.IGNORED, note=file.group.ignore)
            before = state_of(file.path)
            outcome = self._land(file, file.group, before, begun)
            self.seen.setdefault(source, {})[file.name] = before
            return outcome
        except InputError as error:
            if scarce := scarcity_behind(error, self._store.root.parent):
                raise scarce from error  # the file is not to blame
            return FileOutcome(
                source,
                file.name,
                Outcome.REFUSED,
                note=error.message,
                hint=error.hint,
                file_on=file.file_on,
                seconds=time.monotonic() - begun,
            )

    def _land(self, file: Found, group: FileGroup, before: State, begun: float) -> FileOutcome:
        mapping, sha256 = file.source.mapping, sha256_of(file.path)
        batch = batch_of(mapping.source, sha256, file.file_on)
        said = fingerprint(mapping, group)
        sequence, batch_before = self._delivered.get((mapping.source, file.name), (0, ""))
        delivery = Delivery(file.name, sequence + 1, self._today)
        if known := self._landed.get((mapping.source, batch)):
            if batch != batch_before:
                self._store.record_delivery(mapping.source, batch, delivery)
                self._delivered[mapping.source, file.name] = (delivery.sequence, batch)
            return self._skip(file, batch, said, *known, is_back=bool(batch_before) and batch != batch_before)
        facts = FileFacts(file.name, sha256, file.file_on, self._today)
        try:
            reading = read(self._connection, file.path, group, self._store.scratch)
        except duckdb.Error as error:
            raise InputError(f"cannot be read: {type(error).__name__}", hint=_REPORT) from error
        if state_of(file.path) != before:
            raise InputError("it changed while it was read", hint="Run again when its delivery has ended.")
        try:
            outcome = self._write(file, group, facts, reading, batch, said)
            pq.write_table(deliveries_table([delivery]), self._store.staged(batch, DELIVERIES), compression="zstd")
            self._store.commit(mapping.source, batch)
        finally:
            self._store.discard(batch)
        self._landed[mapping.source, batch] = (file.name, said)
        self._delivered[mapping.source, file.name] = (delivery.sequence, batch)
        return replace(outcome, seconds=time.monotonic() - begun)

    def _skip(self, file: Found, batch: str, said: str, name: str, said_then: str, *, is_back: bool) -> FileOutcome:
        source = file.source.mapping.source
        if said != said_then:
            self.warnings.append(
                f"{source}: {file.name} has landed with another version of the mapping (batch {batch})."
                f" To land it anew: remove the folders <home>/landing/*/source={source}/batch={batch},"
                " and run with --full-refresh."
            )
        note = "has landed before" if name == file.name else f"has landed before, as {name}"
        if is_back:
            note += "; this content was delivered again, so it is in force instead of the one delivered in between"
        return FileOutcome(source, file.name, Outcome.SKIPPED, note=note, file_on=file.file_on, batch=batch)

    def _write(
        self, file: Found, group: FileGroup, facts: FileFacts, reading: Reading, batch: str, said: str
    ) -> FileOutcome:
        """Stage every part of a batch, and reconcile it."""
        spared = _DEAR_TO_PLAN if reading.records < _WORTH_PLANNING else ""
        self._connection.execute(f"set disabled_optimizers = '{spared}'")
        try:
            sql = RowSql(self._connection, file.source.mapping, group)
            if reading.open_end and is_cut_off(self._connection, sql, reading.open_end):
                sql = RowSql(self._connection, file.source.mapping, group, reading.open_end.record)
        except duckdb.Error as error:
            raise InputError(
                f"the mapping does not fit the file: {str(error).partition(chr(10))[0]}",
                hint="`loyalty check` tells which line of the mapping.",
            ) from error
        try:
            return self._stage(file, group, facts, reading, batch, said, sql)
        except duckdb.Error as error:
            raise self._failing(file, sql, error) from error

    def _stage(
        self, file: Found, group: FileGroup, facts: FileFacts, reading: Reading, batch: str, said: str, sql: RowSql
    ) -> FileOutcome:
        ((counted, taken, not_taken, *rest),) = self._connection.execute(sql.fates()).fetchall()
        by_entity = dict(zip(group.entities, rest[: len(group.entities)], strict=True))
        skips = rest[len(group.entities) :]
        records = reading.records + len(reading.spans)
        named = dict(zip(sql.skips, skips, strict=True))
        unreadable = len(reading.spans) + not_taken
        if counted != reading.records or records != taken + unreadable + sum(skips):
            raise InputError(
                f"does not reconcile: {records} records, {taken} taken, {unreadable} unreadable, {sum(skips)} skipped",
                hint="The file is refused whole; report it with a sample.",
            )
        mapping = file.source.mapping
        doubts = doubts_of(self._connection, sql, file.name, reading.open_end, cut_off=sql.is_cut_off)
        self.warnings += [f"{mapping.source}: {warning}" for warning in doubts.warnings]
        rows = dict.fromkeys(by_entity, 0)
        for name in (name for name, count in by_entity.items() if count):
            rows[name] = self._copy(sql.rows(name, facts), self._store.staged(batch, name))
        if unreadable:
            self._copy_unreadable(sql.not_taken(), facts, reading.spans, self._store.staged(batch, UNREADABLE))
        erased = self._erase(self._store.scratch / batch, mapping.source) if self._erase else {}
        rows = {name: count - erased.get(name, 0) for name, count in rows.items()}
        counts = (records, taken, unreadable, sum(skips))
        lines = ledger_table(facts, group, said, counts, named, rows, erased, doubts)
        pq.write_table(lines, self._store.staged(batch, LEDGER), compression="zstd")
        return FileOutcome(
            mapping.source,
            file.name,
            Outcome.LANDED,
            file_on=file.file_on,
            batch=batch,
            records=records,
            taken=taken,
            unreadable=unreadable,
            skipped=sum(skips),
            skips=named,
            rows=rows,
            erased=sum(erased.values()),
        )

    def _copy(self, query: str, path: Path) -> int:
        statement = f"copy ({query}) to {quote_text(str(path))} (format parquet, compression zstd)"
        ((rows,),) = self._connection.execute(statement).fetchall()
        return int(rows)

    def _copy_unreadable(self, not_taken: str, facts: FileFacts, spans: Sequence[Span], path: Path) -> None:
        """Write what the pass could not read, and the records that nothing takes."""
        self._connection.register("landing_spans", as_table(spans))
        try:
            self._copy(
                f"select {facts.columns()}, * from (select * from landing_spans"  # noqa: S608 (names are quoted)
                f" union all select landing_record, landing_line, landing_line, landing_rule, landing_raw"
                f" from ({not_taken})) order by line",
                path,
            )
        finally:
            self._connection.unregister("landing_spans")

    def _failing(self, file: Found, sql: RowSql, error: duckdb.Error) -> InputError:
        """Name the expression that fails on this file's data; the data itself is not repeated."""
        mapping = file.source.mapping
        index = next(i for i, group in enumerate(mapping.files) if group is file.group)
        for location, probe in sql.expressions():
            try:
                self._connection.execute(probe).fetchall()
            except duckdb.Error:
                where = mapping.where(("files", index, *location))
                return InputError(
                    f"{where}: the expression for `{'.'.join(map(str, location))}` fails on a value of this file",
                    hint="Write it so that it gives NULL where a value is odd: try_cast instead of cast.",
                )
        return InputError(f"cannot be landed: {type(error).__name__}", hint=_REPORT)
