"""Copies the rows of a mart into its table: DuckDB writes them into a pipe as CSV, and the driver sends them.

DuckDB works in a thread of its own, so that client and server work at the same time.
"""

import fcntl
import os
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.scarcity import scarcity
from pipelines.base.stopping import go_on
from pipelines.base.text import without_values
from pipelines.publication.model import PublishedTable
from pipelines.publication.targets.postgres_connection import NAME, refused_value
from pipelines.publication.targets.postgres_tables import create_table
from pipelines.publication.targets.target import TargetError

_PIPE_BYTES = 1 << 20  # Linux allows every user as much; a smaller pipe costs a tenth more processor time
_DAMAGED = (
    "Run again. If it fails again, the files of the version are damaged: show readers another one with"
    " `loyalty publish --current`."
)


def write_table(
    cursor: Any, database: duckdb.DuckDBPyConnection, namespace: str, folder: Path, table: PublishedTable
) -> frozenset[str]:
    """Create the table of a mart and copy its rows; returns the columns that have NULL.

    Args:
        cursor: A cursor in the transaction of the version.
        database: A connection to DuckDB, which reads the files.
        namespace: The schema.
        folder: The folder of the version.
        table: The mart.

    Raises:
        TargetError: The files cannot be read, PostgreSQL cannot have a column or a value, or the number of copied rows
            is not that of the manifest.
        psycopg.Error: Another error of the server, or of the connection to it.
    """
    files = [folder / file.path for file in table.files]
    with reading(table.name):
        schema = pq.read_schema(files[0])
        nulls = frozenset(name for file in files for name in _with_null(pq.read_metadata(file)))
    cursor.execute(create_table(namespace, table, schema))
    relation = f"{quoting.name(namespace)}.{quoting.name(table.name)}"
    try:
        # the table is new in this transaction, so its rows can be frozen: no vacuum reads and writes them again
        with (
            closing(_csv(database, table.name, files, schema)) as chunks,
            cursor.copy(f"copy {relation} from stdin (format csv, freeze)") as copy,
        ):
            for chunk in chunks:
                go_on()
                copy.write(chunk)
    except Exception as error:  # of the driver, which is imported late
        if (words := refused_value(error)) is None:
            raise
        raise TargetError(
            f"{NAME} cannot have a value of {table.name}, so the version was not written: {words}",
            hint="Change the value in the model of the mart. PostgreSQL has no text with the character U+0000, and no"
            " days or times before 4713 BC.",
        ) from None
    if cursor.rowcount != table.rows:
        raise TargetError(
            f"{NAME}: {cursor.rowcount:,} of {table.rows:,} rows of {table.name} were written, so the version was not"
            " written",
            hint=_DAMAGED,
        )
    return nulls


@contextmanager
def reading(mart: str) -> Iterator[None]:
    """Make an error of reading the files of a mart an error of the target, without values of rows."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        words = str(error)
        if scarce := scarcity(f"{type(error).__name__}: {words}", Path()):
            raise TargetError(f"{NAME}: {mart} cannot be read: {scarce.message}", hint=scarce.hint) from None
        raise TargetError(
            f"{NAME}: the files of {mart} cannot be read, so the version was not written:"
            f" {without_values(words.partition(chr(10))[0])}",
            hint=_DAMAGED,
        ) from None


def _csv(database: duckdb.DuckDBPyConnection, mart: str, files: Sequence[Path], schema: pa.Schema) -> Generator[bytes]:
    """The rows of Parquet files as the CSV of PostgreSQL's COPY, in their order.

    NULL is empty. Text is always quoted: an empty one is not NULL, and COPY does not end at a line with `\\.` alone.
    If the caller closes the generator early, DuckDB can write no more, and its thread ends.

    Raises:
        TargetError: The files cannot be read.
    """
    names = ", ".join(quoting.name(name) for name in schema.names)
    texts = ", ".join(quoting.name(one.name) for one in schema if one.type in (pa.string(), pa.large_string()))
    rows = f"select {names} from read_parquet([{', '.join(map(quoting.files, files))}], hive_partitioning = false)"  # noqa: S608 (names are quoted)
    options = f"format csv, header false, use_tmp_file false{texts and f', force_quote ({texts})'}"
    reader, writer = os.pipe()
    with suppress(AttributeError, OSError):  # another system, or a lower limit
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(_write, database, f"copy ({rows}) to '/dev/fd/{writer}' ({options})", writer)
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            while chunk := pipe.read(_PIPE_BYTES):
                yield chunk
    with reading(mart):
        written.result()


def _write(database: duckdb.DuckDBPyConnection, statement: str, writer: int) -> None:
    """Execute a statement that writes to a descriptor, and close it, which ends the reading."""
    try:
        database.execute("set timezone = 'UTC'")  # of times with a zone
        database.execute(statement)
    finally:
        os.close(writer)


def _with_null(metadata: Any) -> Iterator[str]:
    """The columns of a Parquet file that have, or may have, NULL."""
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            if column.statistics is None or column.statistics.null_count != 0:
                yield column.path_in_schema
