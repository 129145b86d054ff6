"""Passes records that Python splits from a file to DuckDB, and counts them.

`Record` is the text of one record; the readers of JSON and of fixed-width files make them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import duckdb
import pyarrow as pa

from pipelines.base.errors import InputError
from pipelines.landing.spans import Rule, Span

_CHUNK = 50_000
_CHUNK_CHARACTERS = 32 * 1024**2
_LINES = pa.schema([("record", pa.int64()), ("line", pa.int64()), ("document", pa.string()), ("rule", pa.string())])
LINES = "landing_lines"
"""The relation of records in the query of `load_records`: record (the number), line, document (the text), rule."""


@dataclass(frozen=True)
class Record:
    """One record of a file.

    Attributes:
        line: The first physical line.
        text: The text.
        rule: Why the record is unreadable, if that is known already.
    """

    line: int
    text: str
    rule: Rule | None = None


def load_records(connection: duckdb.DuckDBPyConnection, records: Iterable[Record], query: str) -> int:
    """Run a query that reads all records from the relation LINES, once. Returns how many there are.

    Raises:
        InputError: A record cannot be read, and so the file.
    """
    counted = _Counted(records)
    connection.register(LINES, pa.RecordBatchReader.from_batches(_LINES, counted.batches()))
    try:
        connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise counted.problem or error from error
    finally:
        connection.unregister(LINES)
    return counted.records


def unreadable_spans(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Span, ...]:
    """The records of a table (record, line, document, rule) that break a rule."""
    found = connection.execute(
        f"select record, line, rule, document from {table} where rule is not null order by record"  # noqa: S608 (a name of ours)
    ).fetchall()
    return tuple(
        Span(record, line, line + text.count("\n"), Rule(rule), text.replace("\0", "\u2400"))
        for record, line, rule, text in found
    )


class _Counted:
    """Passes records to DuckDB and counts them.

    Attributes:
        records: How many have been passed.
        problem: The error that stopped reading; DuckDB would hide it.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._source = iter(records)
        self.records = 0
        self.problem: InputError | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of record number, line, text and rule."""
        try:
            while chunk := self._chunk():
                first = self.records + 1
                self.records += len(chunk)
                yield pa.record_batch(
                    [
                        pa.array(range(first, self.records + 1), pa.int64()),
                        pa.array([record.line for record in chunk], pa.int64()),
                        pa.array([record.text for record in chunk], pa.string()),
                        pa.array([record.rule for record in chunk], pa.string()),
                    ],
                    schema=_LINES,
                )
        except InputError as error:
            self.problem = error
            raise

    def _chunk(self) -> list[Record]:
        """The next records; fewer if they are long."""
        chunk, characters = [], 0
        for record in islice(self._source, _CHUNK):
            chunk.append(record)
            characters += len(record.text)
            if characters >= _CHUNK_CHARACTERS:
                break
        return chunk
