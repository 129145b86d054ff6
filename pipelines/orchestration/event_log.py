"""Dagster's SQLite event log with its connections kept open.

Dagster's event log opens and closes a connection for every event, and each close flushes the file to disk: a run of
300 tests spent more time on writing than on computing. Events that Dagster hands over together are written together.
Deleting a run also deletes its file. Dagster's tools can read the files.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster import EventLogEntry

# The class is public, and dagster.yaml must name this module; it is not exported elsewhere.
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetKeyTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from sqlalchemy.dialects import sqlite

from pipelines.orchestration.sqlite_files import url_of

_BUSY_SECONDS = 60
_BATCH_SIZE = 500
_WAIT_SECONDS = 0.5
# What a step reports of its outputs. A run has thousands of these.
_CAN_WAIT = {
    dg.DagsterEventType.STEP_OUTPUT,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
# What Dagster also stores in the index of all runs.
_INDEXED = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}
_EXECUTION = AssetCheckExecutionsTable.c
_SET_EVALUATION = (
    AssetCheckExecutionsTable.update()
    .where(
        _EXECUTION.asset_key == sa.bindparam("of_asset"),
        _EXECUTION.check_name == sa.bindparam("of_check"),
        _EXECUTION.run_id == sa.bindparam("of_run"),
        _EXECUTION.partition.is_not_distinct_from(sa.bindparam("of_partition")),
    )
    .values(
        {
            name: sa.bindparam(name)
            for name in (
                "execution_status",
                "evaluation_event",
                "evaluation_event_timestamp",
                "evaluation_event_storage_id",
                "materialization_event_storage_id",
            )
        }
    )
)


class KeptOpenSqliteEventLog(SqliteEventLogStorage):
    """Like SqliteEventLogStorage, with one open engine for the index and one for the run that is being written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._engines: dict[str, sa.Engine] = {}
        self._tables: set[str] = set()
        self._in_batch: dict[str, sa.Connection] = {}
        self._waiting: list[EventLogEntry] = []
        self._timer: threading.Timer | None = None
        super().__init__(*args, **kwargs)
        # a batch holds the lock, and takes it again for each event
        self._db_lock = threading.RLock()  # type: ignore[assignment]  # Dagster declares a plain Lock
        # without this variable, Dagster hands over one event at a time; it reads it for every event
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_BATCH_SIZE))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "KeptOpenSqliteEventLog":
        """Create the storage from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    def conn_string_for_shard(self, shard_name: str) -> str:
        """The URL of a database, in a folder of any name."""
        return url_of(Path(self.path_for_shard(shard_name)))

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. Dagster asks for every check; a table that was found is remembered."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def get_all_run_ids(self) -> list[str]:
        """The runs that have events. Dagster's method uses the path of the folder as a glob pattern."""
        names = (path.stem for path in Path(self.path_for_shard(INDEX_SHARD_NAME)).parent.glob("*.db"))
        return [name for name in names if name != INDEX_SHARD_NAME]

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            if shard in self._in_batch:
                yield self._in_batch[shard]
            else:
                self._store_waiting()
                with self._engine(shard).begin() as connection:
                    yield connection

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event. Results inside a step wait for others of their kind, but not longer than half a second.

        All that wait are stored before any other event, and before anything is read.
        """
        if not event.run_id or event.dagster_event_type not in _CAN_WAIT:
            super().store_event(event)
            return
        with self._db_lock:
            if self._waiting and self._waiting[0].run_id != event.run_id:
                self._store_waiting()
            self._waiting.append(event)
            if len(self._waiting) >= _BATCH_SIZE:
                self._store_waiting()
            elif self._timer is None:
                self._timer = threading.Timer(_WAIT_SECONDS, self._store_in_time)
                self._timer.daemon = True
                self._timer.start()

    def _store_in_time(self) -> None:
        # on a failure the events still wait: the next event or reader stores them, and raises what is wrong
        with suppress(sa.exc.SQLAlchemyError, OSError), self._db_lock:
            self._timer = None
            self._store_waiting()

    def _store_waiting(self) -> None:
        """Store the events that wait, in one batch. The caller holds the lock."""
        if self._waiting:
            self._store_together(self._waiting)
            self._waiting = []

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in one transaction per file: each file gets all of them or none.

        If that fails, Dagster stores them one by one. If only the index has failed, the run's file then has them twice.
        """
        with self._db_lock:
            self._store_waiting()
            self._store_together(events)

    def _store_together(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in the same rows as SqliteEventLogStorage.store_event, by one statement per table."""
        run = events[0].run_id
        rows = [self._event_to_row(event) for event in events]
        with self._engine(INDEX_SHARD_NAME).begin() as index, self._engine(run).begin() as own:
            self._in_batch = {INDEX_SHARD_NAME: index, run: own}
            try:
                own.execute(SqlEventLogStorageTable.insert(), rows)
                for_index = [both for both in zip(events, rows, strict=True) if both[0].dagster_event_type in _INDEXED]
                if for_index:
                    self._store_in_index(index, for_index)
            finally:
                self._in_batch = {}

    def _store_in_index(self, index: sa.Connection, events: Sequence[tuple[EventLogEntry, dict[str, Any]]]) -> None:
        inserted: Any = index.execute(SqlEventLogStorageTable.insert().values(**events[0][1]))
        (first_id,) = inserted.inserted_primary_key
        # no other process can write to the index before this transaction ends, so the ids are consecutive
        numbered = [(event, {**row, "id": row_id}) for row_id, (event, row) in enumerate(events, first_id)]
        if numbered[1:]:
            index.execute(SqlEventLogStorageTable.insert(), [row for _, row in numbered[1:]])
        planned, evaluated = [], []
        for event, row in numbered:
            if event.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                planned += _planned(event, row)
            elif event.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluated.append((event, row))
            elif event.dagster_event_type in ASSET_EVENTS:
                self._store_asset_event_tags(index, [event], [row["id"]])
                self._store_asset_event(index, event, row["id"])
        if planned:
            index.execute(AssetCheckExecutionsTable.insert(), planned)
        if evaluated:
            changed: Any = index.execute(_SET_EVALUATION, [_evaluated(event, row) for event, row in evaluated])
            if changed.rowcount != len(evaluated):  # a check without a plan: Dagster's method adds it
                for event, row in evaluated:
                    self.store_asset_check_event(event, row["id"])

    def _store_asset_event(self, conn: sa.Connection, event: EventLogEntry, event_id: int) -> None:
        """Note the last event of an asset. Dagster tries to insert the asset first, which fails for each known one."""
        if not (event.dagster_event and event.dagster_event.asset_key):
            return
        values = self._get_asset_entry_values(event, event_id, has_asset_key_index_cols=True)
        if values:
            key = event.dagster_event.asset_key.to_string()
            insert = sqlite.insert(AssetKeyTable).values(asset_key=key, **values)
            conn.execute(insert.on_conflict_do_update(index_elements=[AssetKeyTable.c.asset_key], set_=values))

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._engines:
            for other in [name for name in self._engines if INDEX_SHARD_NAME not in (name, shard)]:
                self._engines.pop(other).dispose()
            engine = sa.create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS})
            sa.event.listen(engine, "connect", _relax_index if shard == INDEX_SHARD_NAME else _relax_run)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = engine
        return self._engines[shard]

    def delete_events(self, run_id: str) -> None:
        """Like Dagster's method, but also removes the file and the checks of the run."""
        super().delete_events(run_id)
        with self.index_connection() as connection:
            connection.execute(sa.delete(AssetCheckExecutionsTable).where(AssetCheckExecutionsTable.c.run_id == run_id))
        with self._db_lock:
            if engine := self._engines.pop(run_id, None):
                engine.dispose()
            self._initialized_dbs.discard(run_id)
            database = Path(self.path_for_shard(run_id))
            for path in database.parent.glob(f"{database.name}*"):
                path.unlink(missing_ok=True)

    def run_ids(self) -> set[str]:
        """The runs with events or checks, in the index or in a separate file."""
        named = sa.union(
            *(
                sa.select(table.c.run_id).where(table.c.run_id.is_not(None))
                for table in (SqlEventLogStorageTable, AssetCheckExecutionsTable)
            )
        )
        with self.index_connection() as connection:
            found = {str(run_id) for (run_id,) in connection.execute(named)}
        return {run_id for run_id in (*found, *self.get_all_run_ids()) if run_id}

    def dispose(self) -> None:
        """Store the events that wait, and close all engines."""
        with self._db_lock:
            if self._timer is not None:
                self._timer.cancel()
            self._store_waiting()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _relax_index(connection: Any, _record: object) -> None:
    """Flush at checkpoints instead of at every event. A power failure can lose the last events, never the file."""
    connection.execute("PRAGMA synchronous=NORMAL")


def _relax_run(connection: Any, _record: object) -> None:
    """Never flush. A power failure can lose the file of the active run, and no other file.

    The UI watches the file itself, so every event must be moved from SQLite's journal into it at once.
    """
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA wal_autocheckpoint=1")


def _planned(event: EventLogEntry, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a planned check in the table of checks: one for each partition."""
    planned = event.get_dagster_event().asset_check_planned_data
    partitions = planned.partitions_subset.get_partition_keys() if planned.partitions_subset else (None,)
    return [
        {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "partition": partition,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            **_evaluation(row),
        }
        for partition in partitions
    ]


def _evaluated(event: EventLogEntry, row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of _SET_EVALUATION for a finished check."""
    found = event.get_dagster_event().asset_check_evaluation_data
    status = AssetCheckExecutionRecordStatus.SUCCEEDED if found.passed else AssetCheckExecutionRecordStatus.FAILED
    target = found.target_materialization_data
    return {
        "of_asset": found.asset_key.to_string(),
        "of_check": found.check_name,
        "of_run": event.run_id,
        "of_partition": found.partition,
        "execution_status": status.value,
        "materialization_event_storage_id": target and target.storage_id,
        **_evaluation(row),
    }


def _evaluation(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": row["id"],
    }
