"""Makes one staged batch from one file: reads it, writes its rows, and reconciles its records.

land.py decides which files are landed and which batches they replace. batches.py commits a batch.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.base.text import printable_name
from pipelines.landing.batches import (
    DELIVERIES,
    LEDGER,
    LOOKUP_USES,
    LOOKUPS,
    UNREADABLE,
    Delivery,
    Store,
    deliveries_table,
)
from pipelines.landing.delivered import State, state_of
from pipelines.landing.file_warnings import find_warnings, is_cut_off
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.ledger import ErasedRows, ledger_table, redeclared
from pipelines.landing.lookups import Found, add_look_ups, find, given_sql, make_state, rows_sql, uses_sql
from pipelines.landing.lost_digits import lost_digits
from pipelines.landing.model import FileGroup
from pipelines.landing.outdated import Change
from pipelines.landing.readers import read
from pipelines.landing.readers.relation import SMALL_FILE_RECORDS, Reading
from pipelines.landing.report import FileOutcome, Outcome
from pipelines.landing.rows import FileFacts, RowSql
from pipelines.landing.shifted_dates import DateColumn, shifted_dates
from pipelines.landing.spans import Span, as_table

# For a small file, planning by these two optimizers takes half of the time. For a million records they save a fifth.
_COSTLY_TO_PLAN = "statistics_propagation,common_subexpressions"

_REPORT = "Please report this with a sample of the file."


@dataclass(frozen=True)
class EarlierBatch:
    """The earlier batch of a file that is landed again.

    Attributes:
        parts: The Parquet files of the batch, by data set.
        records: The number of records that were taken or unreadable.
    """

    parts: Mapping[str, Path]
    records: int


class ManyRecordsError(Exception):
    """A file has too many records to be staged together with others."""


class NotLandedAgain(InputError):
    """A file is not landed again and its earlier batch stays. This does not stop the run."""


Erase = Callable[[Path, str, int, EarlierBatch | None], Mapping[str, ErasedRows]]
"""Removes erased people from a staged batch.

The arguments are the batch's folder, its source, the number of its records that are taken or unreadable, and the file's
earlier batch. The result has the data sets that changed.
"""


@dataclass(frozen=True)
class Task:
    """A file from which a batch is to be made.

    Attributes:
        path: The path of the file.
        before: The file's state before its hash was computed.
        entry: The source.
        group: The group of the mapping.
        facts: The facts that every row of the file has.
        batch: The name of the batch.
        fingerprint: The fingerprint of what decides the rows.
        deliveries: The deliveries of the file.
        again: The earlier batch, if the file is landed again.
    """

    path: Path
    before: State
    entry: SourceFiles
    group: FileGroup
    facts: FileFacts
    batch: str
    fingerprint: str
    deliveries: Iterable[Delivery]
    again: EarlierBatch | None = None


def choose_optimizers(connection: duckdb.DuckDBPyConnection, *, is_small: bool) -> None:
    """Choose the optimizers for a small file or for a large one. No other connection of the database may be in use."""
    connection.execute(f"set disabled_optimizers = '{_COSTLY_TO_PLAN if is_small else ''}'")


class BatchMaker:
    """Makes batches, one after the other. To make several at once, use several makers.

    Args:
        store: The landing folder.
        connection: A connection that nothing else uses.
        erase: Called with each batch before it is committed, if anybody has been erased.
        is_together: Whether other makers use the same database at the same time. Then only files with few records are
            staged, with the optimizers that are set: they are set for the whole database, which is not safe while
            others use it. The optimizers decide which columns of the Parquet files are declared as never NULL.
    """

    def __init__(
        self,
        store: Store,
        connection: duckdb.DuckDBPyConnection,
        erase: Erase | None,
        *,
        is_together: bool = False,
    ) -> None:
        self._store = store
        self._connection = connection
        self._erase = erase
        self._is_together = is_together
        connection.execute("set TimeZone = 'UTC'")  # each connection begins with the zone of the machine
        self._clean_copies = Path(mkdtemp(dir=store.scratch))

    def stage(self, task: Task) -> FileOutcome:
        """Stage every part of a batch; the caller commits or discards it.

        Raises:
            InputError: The file cannot be landed completely.
            NotLandedAgain: The file must not be landed again.
            ManyRecordsError: The file must be staged alone.
        """
        try:
            reading = read(self._connection, task.path, task.group, self._clean_copies)
            add_look_ups(self._connection, task.entry.mapping, task.group)
        except duckdb.Error as error:
            raise InputError(f"cannot be read: {type(error).__name__}", hint=_REPORT) from error
        if state_of(task.path) != task.before:
            raise InputError("the file changed while it was read", hint="Run again when its delivery is complete.")
        if self._is_together and reading.records >= SMALL_FILE_RECORDS:
            raise ManyRecordsError
        with self._optimizers(reading.records):
            sql = self._sql(task, reading)
            try:
                outcome = self._stage(task, reading, sql)
            except duckdb.Error as error:
                raise self._failing(task, sql, error) from error
        deliveries = deliveries_table(task.deliveries)
        pq.write_table(deliveries, self._store.staged(task.batch, DELIVERIES), compression="zstd")
        return outcome

    def redeclare(self, change: Change) -> None:
        """Stage a batch with the rows of the earlier batch and the current declarations."""
        landed, target = change.landed, change.target
        batch = target.batch(landed.sha256)
        for dataset, part in self._store.parts(landed.source, landed.batch).items():
            if dataset == LEDGER:
                lines = redeclared(pq.read_table(part, partitioning=None), target.declares, target.rows)
                pq.write_table(lines, self._store.staged(batch, dataset), compression="zstd")
            elif dataset != DELIVERIES:
                shutil.copyfile(part, self._store.staged(batch, dataset))
        deliveries = deliveries_table(change.deliveries)
        pq.write_table(deliveries, self._store.staged(batch, DELIVERIES), compression="zstd")

    @contextmanager
    def _optimizers(self, records: int) -> Iterator[None]:
        """The optimizers for a file, and then those for small files again, which most are."""
        if self._is_together:
            yield
            return
        choose_optimizers(self._connection, is_small=records < SMALL_FILE_RECORDS)
        try:
            yield
        finally:
            choose_optimizers(self._connection, is_small=True)

    def _sql(self, task: Task, reading: Reading) -> RowSql:
        try:
            sql = RowSql(self._connection, task.entry.mapping, task.group)
            cut_off = [last.record for last in reading.unterminated if is_cut_off(self._connection, sql, last)]
            if cut_off:
                sql = RowSql(self._connection, task.entry.mapping, task.group, cut_off)
        except duckdb.Error as error:
            raise InputError(
                f"the mapping does not fit the file: {str(error).partition(chr(10))[0]}",
                hint="`loyalty check` names the line of the mapping.",
            ) from error
        return sql

    def _stage(self, task: Task, reading: Reading, sql: RowSql) -> FileOutcome:
        ((counted, taken, not_taken, *rest),) = self._connection.execute(sql.record_counts()).fetchall()
        by_entity = dict(zip(task.group.entities, rest[: len(task.group.entities)], strict=True))
        skips = rest[len(task.group.entities) :]
        records = reading.records + len(reading.spans)
        named = dict(zip(sql.skips, skips, strict=True))
        unreadable = len(reading.spans) + not_taken
        if counted != reading.records or records != taken + unreadable + sum(skips):
            raise InputError(
                f"the numbers of records do not add up: {records} counted, but {taken} taken, {unreadable} unreadable,"
                f" {sum(skips)} skipped. The file is refused: nothing of it lands",
                hint="Please report this with a sample of the file.",
            )
        source, facts = task.entry.mapping.source, task.facts
        found = self._stage_look_ups(task, sql)
        found_warnings = find_warnings(self._connection, sql, facts.name, reading, found)
        warnings = [f"{source}: {warning}" for warning in found_warnings.messages]
        rows = dict.fromkeys(by_entity, 0)
        on_shifted_dates: dict[DateColumn, int] = {}
        for name in (name for name, count in by_entity.items() if count):
            rows[name] = self._copy(sql.rows(name, facts), part := self._store.staged(task.batch, name))
            warnings += [
                f"{source}: {printable_name(facts.name)}: {lost}" for lost in lost_digits(self._connection, name, part)
            ]
            on_shifted_dates |= shifted_dates(self._connection, task.entry, task.group, name, part, sql.origins(name))
        if unreadable:
            self._copy_unreadable(sql.not_taken(), facts, reading.spans, self._store.staged(task.batch, UNREADABLE))
        erased: Mapping[str, ErasedRows] = {}
        if self._erase:
            erased = self._erase(self._store.scratch / task.batch, source, taken + unreadable, task.again)
        rows = {name: count - erased.get(name, ErasedRows()).removed for name, count in rows.items()}
        counts = (records, taken, unreadable, sum(skips))
        lines = ledger_table(facts, task.group, task.fingerprint, counts, named, rows, erased, found_warnings)
        pq.write_table(lines, self._store.staged(task.batch, LEDGER), compression="zstd")
        return FileOutcome(
            source,
            facts.name,
            Outcome.LANDED,
            file_on=facts.file_on,
            batch=task.batch,
            records=records,
            taken=taken,
            unreadable=unreadable,
            skipped=sum(skips),
            skips=named,
            rows=rows,
            erased=sum(one.removed for one in erased.values()),
            emptied=sum(one.emptied for one in erased.values()),
            warnings=tuple(warnings),
            shifted_dates=on_shifted_dates,
        )

    def make_lookups(self) -> dict[str, str]:
        """Make the landed look-ups readable. Returns a digest of those of each source."""
        return make_state(self._connection, given_sql(self._store.root))

    def _stage_look_ups(self, task: Task, sql: RowSql) -> list[Found]:
        """Write the look-up rows of a file, and what its records found in other files."""
        group, mapping = task.group, task.entry.mapping
        if group.lookups:
            self._copy(rows_sql(group, task.facts.columns(), sql.taken), self._store.staged(task.batch, LOOKUPS))
        if not group.look_up:
            return []
        self._copy(uses_sql(mapping, group, sql), self._store.staged(task.batch, LOOKUP_USES))
        return find(self._connection, mapping, group, sql)

    def _copy(self, query: str, path: Path) -> int:
        statement = f"copy ({query}) to {quoting.text(str(path))} (format parquet, compression zstd)"
        ((rows,),) = self._connection.execute(statement).fetchall()
        return int(rows)

    def _copy_unreadable(self, not_taken: str, facts: FileFacts, spans: Sequence[Span], path: Path) -> None:
        """Write the unreadable spans, and the records that no entity and no skip takes."""
        self._connection.register("landing_spans", as_table(spans))
        try:
            self._copy(
                f"select {facts.columns()}, * from (select * from landing_spans"  # noqa: S608 (names are quoted)
                " union all select landing_record, landing_line, landing_line, landing_rule, landing_raw, landing_part"
                f" from ({not_taken})) order by record",
                path,
            )
        finally:
            self._connection.unregister("landing_spans")

    def _failing(self, task: Task, sql: RowSql, error: duckdb.Error) -> InputError:
        """The error that names the expression which fails on this file. It does not quote data."""
        mapping = task.entry.mapping
        index = next(i for i, group in enumerate(mapping.files) if group is task.group)
        for location, probe in sql.expressions():
            try:
                self._connection.execute(probe).fetchall()
            except duckdb.Error:
                where = mapping.where(("files", index, *location))
                return InputError(
                    f"{where}: the expression for `{'.'.join(map(str, location))}` fails on a value of this file",
                    hint="Change the expression so that it gives NULL for invalid values: try_cast instead of cast.",
                )
        return InputError(f"cannot be landed: {type(error).__name__}", hint=_REPORT)
