"""Reads JSON lines and JSON documents into DuckDB. jsonpass.py splits them into records."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.base.errors import InputError
from pipelines.landing.binding import content_of, record_leaf
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.jsonpass import Record, json_elements, json_lines
from pipelines.landing.readers.relation import TABLE, Own, Reading, has_nul, make_view
from pipelines.landing.spans import Rule, Span

_CHUNK = 50_000
_CHUNK_CHARACTERS = 32 * 1024**2
_LINES = pa.schema([("record", pa.int64()), ("line", pa.int64()), ("document", pa.string()), ("rule", pa.string())])


class JsonReader:
    """Reads `json` and `jsonl`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """JSON has no header to check: a field that a record lacks is NULL."""
        return frozenset()

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a JSON file; see `Reader.read`."""
        return _read(connection, path, group)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup) -> Reading:
    records = (
        json_lines(path, group.encoding)
        if group.format == "jsonl"
        else json_elements(path, group.encoding, group.records)
    )
    counted = _Counted(records)
    reader = pa.RecordBatchReader.from_batches(_LINES, counted.batches())
    connection.register("landing_lines", reader)
    content = f", {content_of(group, 'document')} as content" if group.unwrap else ""
    try:
        connection.execute(
            f"create or replace temp table {TABLE} as select * replace (case when rule is not null then rule"  # noqa: S608
            f" when not (case when json_valid(document) then json_type(document) = 'OBJECT' else false end)"
            f" then '{Rule.NO_RECORD}' when {has_nul('document')} then '{Rule.NUL}' end as rule)"
            f"{content} from landing_lines"
        ).fetchall()
    except duckdb.Error as error:
        raise counted.problem or error from error
    finally:
        connection.unregister("landing_lines")
    odd = connection.execute(
        f"select record, line, rule, document from {TABLE} where rule is not null order by record"  # noqa: S608
    ).fetchall()
    spans = tuple(
        Span(record, line, line + text.count("\n"), Rule(rule), text.replace("\0", "\u2400"))
        for record, line, rule, text in odd
    )
    leaf = record_leaf(group, "document", "content" if group.unwrap else "document")
    make_view(connection, group, Own("record", "line", "document"), leaf, "rule is null")
    return Reading(counted.records - len(spans), spans)


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
