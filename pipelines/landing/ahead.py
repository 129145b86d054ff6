"""Stages small files ahead of their turn, several at once.

DuckDB plans a query on one thread, and for a small file it plans longer than it reads. So several small files are
staged at the same time. land_files.py commits them one after the other in their order, so the result is the same as
with one thread.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import SimpleQueue

import duckdb

from pipelines.base.database import another_connection
from pipelines.landing.batches import Store
from pipelines.landing.inbox import Found
from pipelines.landing.make_batch import BatchMaker, Task, choose_optimizers
from pipelines.landing.report import FileOutcome

SMALL_FILE_BYTES = 1_000_000
SMALL_PACKED_BYTES = 100_000  # workbooks, archives and Parquet files: what they contain is larger
_PLAIN = {".csv", ".json", ".jsonl", ".ndjson", ".tsv", ".txt"}
_MOST_THREADS = 4  # more gain little: Python prepares the queries on one thread at a time


def is_small(file: Found) -> bool:
    """Whether a file may be staged together with others. A file that cannot be read is small: it is refused at once."""
    try:
        limit = SMALL_FILE_BYTES if file.path.suffix.lower() in _PLAIN else SMALL_PACKED_BYTES
        return file.path.stat().st_size <= limit
    except OSError:
        return True


class Ahead:
    """Stages batches of new contents before landing reaches their files.

    Args:
        store: The landing folder.
        makers: One per thread. Their connections belong to one database, so that they share its memory limit.
        executor: Has a thread for each maker.

    Attributes:
        n_files: The number of files to begin before the first of them is committed.
    """

    def __init__(self, store: Store, makers: list[BatchMaker], executor: ThreadPoolExecutor) -> None:
        self.n_files = 2 * len(makers)  # enough that no thread waits while a batch is committed
        self._store = store
        self._executor = executor
        self._makers: SimpleQueue[BatchMaker] = SimpleQueue()
        for maker in makers:
            self._makers.put(maker)
        self._begun: dict[str, tuple[Task, Future[FileOutcome]]] = {}  # by batch

    def begin(self, task: Task) -> None:
        """Begin to stage a batch. Of several files with the same content, only the first one is staged."""
        if task.batch not in self._begun:
            self._begun[task.batch] = task, self._executor.submit(self._stage, task)

    def outcome(self, task: Task) -> FileOutcome | None:
        """The outcome of this task, staged and not committed.

        None if it was not begun, has failed, or was begun with other facts about the file. Before it returns None, it
        waits until no other batch is being staged. So the caller stages this one alone: with more memory it can
        succeed, and DuckDB's optimizers, which are set for all connections, can be those for this file.
        """
        if task.batch in self._begun:
            begun, future = self._begun.pop(task.batch)
            if future.exception() is None and begun == task:
                return future.result()
            self._store.discard(task.batch)
        wait([other for _, other in self._begun.values()])
        return None

    def _stage(self, task: Task) -> FileOutcome:
        maker = self._makers.get()
        try:
            return maker.stage(task)
        finally:
            self._makers.put(maker)


@contextmanager
def staging_ahead(store: Store, connection: duckdb.DuckDBPyConnection) -> Iterator[Ahead | None]:
    """Stage on the threads that DuckDB may use, at most four; None if it may use only one.

    Args:
        store: The landing folder.
        connection: Its database is used.
    """
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    if threads < 2:
        yield None
        return
    choose_optimizers(connection, is_small=True)
    cursors = [another_connection(connection) for _ in range(min(threads, _MOST_THREADS))]
    executor = ThreadPoolExecutor(len(cursors), thread_name_prefix="landing")
    try:
        yield Ahead(store, [BatchMaker(store, cursor, None, is_together=True) for cursor in cursors], executor)
    finally:
        for cursor in cursors:
            cursor.interrupt()  # nobody needs what is still being staged
        executor.shutdown(cancel_futures=True)
        for cursor in cursors:
            cursor.close()
