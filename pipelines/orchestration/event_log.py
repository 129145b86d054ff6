"""Dagster's SQLite event log with its connections kept open.

Dagster's event log opens and closes a connection for every event, and each close flushes the file to disk: a run of
300 tests spent more time on writing than on computing. Events that Dagster hands over together are written together.
Deleting a run also deletes its file. Dagster's tools can read the files.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster import EventLogEntry

# The class is public, and dagster.yaml must name this module; it is not exported elsewhere.
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME

from pipelines.orchestration.sqlite_files import url_of

_BUSY_SECONDS = 60
_BATCH_SIZE = 500


class KeptOpenSqliteEventLog(SqliteEventLogStorage):
    """Like SqliteEventLogStorage, with one open engine for the index and one for the run that is being written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._engines: dict[str, sa.Engine] = {}
        self._tables: set[str] = set()
        self._in_batch: dict[str, sa.Connection] = {}
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
                with self._engine(shard).begin() as connection:
                    yield connection

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in one transaction per file: each file gets all of them or none.

        If that fails, Dagster stores them one by one. If only the index has failed, the run's file then has them twice.
        """
        run = events[0].run_id
        with self._db_lock, self._connect(INDEX_SHARD_NAME) as index, self._connect(run) as own:
            self._in_batch = {INDEX_SHARD_NAME: index, run: own}
            try:
                for event in events:
                    if event.dagster_event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                        self.store_event(event)
                self._store_planned_checks(index, own, events)
            finally:
                self._in_batch = {}

    def _store_planned_checks(self, index: sa.Connection, own: sa.Connection, events: Sequence[EventLogEntry]) -> None:
        """Store the events that plan a check all at once, in the same rows as Dagster. A run of a day has 1,000."""
        plans = [
            (event.dagster_event.asset_check_planned_data, self._event_to_row(event))
            for event in events
            if event.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED and event.dagster_event
        ]
        if not plans:
            return
        rows = [row for _, row in plans]
        own.execute(SqlEventLogStorageTable.insert(), rows)
        inserted: Any = index.execute(SqlEventLogStorageTable.insert().values(**rows[0]))
        (first_id,) = inserted.inserted_primary_key
        # no other process can write to the index before this transaction ends, so the ids are consecutive
        numbered = [{**row, "id": row_id} for row_id, row in enumerate(rows, first_id)]
        if numbered[1:]:
            index.execute(SqlEventLogStorageTable.insert(), numbered[1:])
        executions = [
            {
                "asset_key": planned.asset_key.to_string(),
                "check_name": planned.check_name,
                "partition": partition,
                "run_id": row["run_id"],
                "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
                "evaluation_event": row["event"],
                "evaluation_event_timestamp": row["timestamp"],
                "evaluation_event_storage_id": row["id"],
            }
            for (planned, _), row in zip(plans, numbered, strict=True)
            for partition in (planned.partitions_subset.get_partition_keys() if planned.partitions_subset else (None,))
        ]
        index.execute(AssetCheckExecutionsTable.insert(), executions)

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
        """Close all engines."""
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
