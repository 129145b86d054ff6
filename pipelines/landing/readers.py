"""Reading a file into DuckDB, whatever its format: JSON and Parquet here, CSV in csvreader.py.

After this, `landing_source` is a view of the file's records (relation.py); what becomes of them is rows.py's business.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import InputError
from pipelines.landing import csvpass
from pipelines.landing.binding import json_leaf, record_tree
from pipelines.landing.csvreader import read_csv
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.expressions import quote_name
from pipelines.landing.jsonpass import Record, json_elements, json_lines
from pipelines.landing.model import FileGroup
from pipelines.landing.relation import TABLE, Reading, check_columns, emptied, escaped_glob, make_view
from pipelines.landing.spans import Rule, Span

_CHUNK = 50_000
_LINES = pa.schema([("record", pa.int64()), ("line", pa.int64()), ("document", pa.string())])


def read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
    """Read one file.

    Args:
        connection: Where the view is made.
        path: The file.
        group: How to read it.
        scratch: A folder for a rewritten copy.

    Raises:
        InputError: Where the file has to be refused whole.
    """
    if group.is_text_table:
        return read_csv(connection, path, group, scratch)
    if group.format == "parquet":
        return _read_parquet(connection, path, group)
    return _read_json(connection, path, group)


def check_layout(path: Path, group: FileGroup) -> None:
    """Whether a file has the columns that the mapping reads, from its header only; JSON has none.

    Raises:
        InputError: Names the columns that are missing.
    """
    if group.is_text_table:
        check_columns(csvpass.read_header(path, group), group)
    elif group.format == "parquet":
        check_columns(_parquet(path).schema_arrow.names, group)


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
            f"create or replace temp table {TABLE} as select *,"  # noqa: S608 (names are quoted)
            " case when json_valid(document) then json_type(document) = 'OBJECT' else false end as is_object"
            " from landing_lines"
        ).fetchall()
    except duckdb.Error as error:
        raise counted.problem or error from error
    finally:
        connection.unregister("landing_lines")
    odd = connection.execute(
        f"select record, line, document from {TABLE} where not is_object order by record"  # noqa: S608 (names are quoted)
    ).fetchall()
    spans = tuple(
        Span(record, line, line + text.count("\n"), Rule.NO_RECORD, text.replace("\0", "\u2400"))
        for record, line, text in odd
    )
    leaf = json_leaf("document")
    columns = record_tree(group).select(lambda at: emptied(leaf(at), group))
    make_view(connection, "record", "line", "document", columns, "is_object")
    return Reading(counted.records - len(spans), spans)


class _Counted:
    """Records on their way into DuckDB, counted as they pass.

    Attributes:
        records: How many have passed.
        problem: Why the file was given up; DuckDB would hide it.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._source = iter(records)
        self.records = 0
        self.problem: InputError | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of record number, line and text."""
        try:
            while chunk := list(islice(self._source, _CHUNK)):
                first = self.records + 1
                self.records += len(chunk)
                yield pa.record_batch(
                    [
                        pa.array(range(first, self.records + 1), pa.int64()),
                        pa.array([record.line for record in chunk], pa.int64()),
                        pa.array([record.text for record in chunk], pa.string()),
                    ],
                    schema=_LINES,
                )
        except InputError as error:
            self.problem = error
            raise


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"not a Parquet file: {error}", hint="Have the file delivered again.") from error


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup) -> Reading:
    with _parquet(path) as file:
        records = file.metadata.num_rows
        check_columns(file.schema_arrow.names, group)
    try:
        connection.execute(f"create or replace temp table {TABLE} as from read_parquet({escaped_glob(path)})")
    except duckdb.Error as error:
        raise InputError(f"damaged Parquet: {type(error).__name__}", hint="Have the file delivered again.") from error
    types = {str(row[0]): str(row[1]) for row in connection.execute(f"describe {TABLE}").fetchall()}
    by_lower = {name.lower(): name for name in types}

    def leaf(at: Reference) -> str:
        name = by_lower[at[0].lower()]
        if len(at) > 1:
            return emptied(json_leaf(f"to_json({quote_name(name)})")(at[1:]), group)
        return emptied(_as_text(name, types[name]), group)

    raw = ", ".join(
        f"{quote_name(name)} := {quote_name(name) if _is_nested(kind) else _as_text(name, kind)}"
        for name, kind in types.items()
    )
    make_view(
        connection,
        "rowid + 1",
        "rowid + 1",
        f"cast(to_json(struct_pack({raw})) as varchar)",
        record_tree(group).select(leaf),
    )
    return Reading(records)


def _is_nested(kind: str) -> bool:
    return kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]")


def _as_text(name: str, kind: str) -> str:
    """A Parquet value as text; a time with a zone keeps its offset, nested values become JSON."""
    return f"cast({f'to_json({quote_name(name)})' if _is_nested(kind) else quote_name(name)} as varchar)"
