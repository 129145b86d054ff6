"""Dagster's SQLite event log with its connections kept open.

Dagster's own opens and closes a connection for every event, and each close flushes the file to disk: a run of 300 tests
wrote for longer than it computed. A run that is deleted takes its file with it. Nothing else is changed; the files are
Dagster's and its tools read them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# The class is public and its place is the one that dagster.yaml must name; it is exported nowhere else.
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME

from pipelines.orchestration.sqlite_files import url_of

_BUSY_SECONDS = 60


class KeptOpenSqliteEventLog(SqliteEventLogStorage):
    """As SqliteEventLogStorage, with one open engine for the index and one for the run that is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._engines: dict[str, sa.Engine] = {}
        super().__init__(*args, **kwargs)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "KeptOpenSqliteEventLog":
        """Made from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    def conn_string_for_shard(self, shard_name: str) -> str:
        """The URL of a database, in a folder of any name."""
        return url_of(Path(self.path_for_shard(shard_name)))

    def get_all_run_ids(self) -> list[str]:
        """The runs that have events; Dagster's own takes the folder's path for a pattern."""
        names = (path.stem for path in Path(self.path_for_shard(INDEX_SHARD_NAME)).parent.glob("*.db"))
        return [name for name in names if name != INDEX_SHARD_NAME]

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

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
        """As Dagster's, which leaves the run's file as large as it was and its checks: here they go too."""
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
        """The runs of which there are events or checks, in the index or in a file of their own."""
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
        """Close what is open."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _relax_index(connection: Any, _record: object) -> None:
    """Flush at checkpoints instead of at every event: a power cut can cost the last events, never the file."""
    connection.execute("PRAGMA synchronous=NORMAL")


def _relax_run(connection: Any, _record: object) -> None:
    """Never flush: a power cut can cost the file of the run that it ended, and no other.

    The UI watches the file itself, so that every event must get from SQLite's journal into it at once.
    """
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA wal_autocheckpoint=1")
