"""Reads a file of any format into DuckDB: JSON here, CSV in csvreader.py, Parquet in parquetreader.py.

The result is the view `landing_source` of the file's records (relation.py). rows.py turns them into rows.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.base.errors import InputError
from pipelines.landing import csvpass
from pipelines.landing.binding import json_leaf
from pipelines.landing.csvreader import read_csv
from pipelines.landing.filekind import refuse_other_kinds
from pipelines.landing.jsonpass import Record, json_elements, json_lines
from pipelines.landing.model import FileGroup
from pipelines.landing.parquetreader import check_parquet, read_parquet
from pipelines.landing.relation import TABLE, Own, Reading, check_columns, has_nul, make_view
from pipelines.landing.spans import Rule, Span

_CHUNK = 50_000
_CHUNK_CHARACTERS = 32 * 1024**2
_LINES = pa.schema([("record", pa.int64()), ("line", pa.int64()), ("document", pa.string()), ("rule", pa.string())])


def read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
    """Read one file.

    Args:
        connection: The DuckDB in which the view is created.
        path: The file.
        group: The group of the mapping, which defines how to read the file.
        scratch: A folder for a clean copy.

    Raises:
        InputError: The file must be refused as a whole.
    """
    refuse_other_kinds(path, group)
    if group.is_text_table:
        return read_csv(connection, path, group, scratch)
    if group.format == "parquet":
        return read_parquet(connection, path, group)
    return _read_json(connection, path, group)


def check_layout(path: Path, group: FileGroup) -> None:
    """Check by its beginning that a file has the declared format and the columns that the mapping reads.

    Raises:
        InputError: The file is of another kind, or columns are missing. JSON has no columns to check.
    """
    refuse_other_kinds(path, group)
    if group.is_text_table:
        check_columns(csvpass.read_header(path, group), group)
    elif group.format == "parquet":
        check_parquet(path, group)


def _read_json(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup) -> Reading:
    records = (
        json_lines(path, group.encoding)
        if group.format == "jsonl"
        else json_elements(path, group.encoding, group.records)
    )
    counted = _Counted(records)
    reader = pa.RecordBatchReader.from_batches(_LINES, counted.batches())
    connection.register("landing_lines", reader)
    try:
        connection.execute(
            f"create or replace temp table {TABLE} as select * replace (case when rule is not null then rule"  # noqa: S608
            f" when not (case when json_valid(document) then json_type(document) = 'OBJECT' else false end)"
            f" then '{Rule.NO_RECORD}' when {has_nul('document')} then '{Rule.NUL}' end as rule) from landing_lines"
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
    make_view(connection, group, Own("record", "line", "document"), json_leaf("document"), "rule is null")
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
