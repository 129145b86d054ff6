"""Reads Parquet into DuckDB. Every column gets a neutral name, so that column names from outside cannot do harm."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.landing.binding import json_leaf, whole_text
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.optional import without_customer
from pipelines.landing.readers.relation import (
    TABLE,
    Own,
    Reading,
    check_columns,
    has_nul,
    make_view,
    unique_names,
)
from pipelines.landing.spans import Rule, Span

# Equal values in sequence take almost no space, so a file of a few kilobytes can have a billion rows.
ROWS_PER_BYTE = 100
ROWS_ALWAYS = 10_000_000  # fewer rows are always allowed
_EXACT_UP_TO = {"DOUBLE": 2**53, "FLOAT": 2**24}  # a larger whole number may have lost digits
_AGAIN = "Have the file delivered again."
_NO_PARQUET = "Have the file delivered again, or correct `format` in the mapping."


class ParquetReader:
    """Reads `parquet`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """Check the column names of the file's schema; see `Reader.check`."""
        return check_columns(_look(path)[0], group)

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a Parquet file; see `Reader.read`."""
        return _read(connection, path, group)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup) -> Reading:
    names, records = _look(path)
    absent = check_columns(names, group)
    if records > max(ROWS_ALWAYS, ROWS_PER_BYTE * path.stat().st_size):
        raise InputError(
            f"the file has {records:,} rows in {path.stat().st_size:,} bytes, which looks like a decompression bomb",
            hint="If the content is right, have it delivered in smaller files.",
        )
    own = [f"f{index}" for index in range(len(names))]
    try:
        # Folders such as `sku=1/` above the file are not part of its data.
        connection.execute(
            f"create or replace temp table {TABLE} as from"
            f" read_parquet({quoting.files(path)}, hive_partitioning = false) as file ({', '.join(own)})"
        )
    except duckdb.Error as error:
        raise InputError(f"damaged Parquet: {type(error).__name__}", hint=_AGAIN) from error
    types = {str(row[0]): str(row[1]) for row in connection.execute(f"describe {TABLE}").fetchall()}
    columns = dict(zip(unique_names(names), own, strict=True))
    by_lower = {name.lower(): column for name, column in columns.items()}

    def leaf(at: Reference) -> str:
        column = by_lower.get(at[0].lower())
        if column is None:
            return "cast(null as varchar)"  # an optional column
        if len(at) > 1:
            # other tools write nested values as the text of JSON
            nested = f"case when json_valid({column}) then {column} end" if types[column] == "VARCHAR" else column
            return json_leaf(f"to_json({column})" if nested == column else nested)(at[1:])
        return _as_text(column, types[column])

    fields = (
        f"{quoting.name(name)} := {column if _is_nested(types[column]) else _as_text(column, types[column])}"
        for name, column in columns.items()
    )
    raw = f"cast(to_json(struct_pack({', '.join(fields)})) as varchar)"
    nul = " or ".join(filter(None, (_has_nul(column, types[column]) for column in own))) or "false"
    odd = connection.execute(f"select rowid + 1, {raw} from {TABLE} where {nul} order by rowid").fetchall()  # noqa: S608
    make_view(connection, group, Own("rowid + 1", "rowid + 1", raw), leaf, f"({nul}) is not true")
    spans = tuple(Span(row, row, row, Rule.NUL, text) for row, text in odd)
    return Reading(records - len(odd), spans, warnings=without_customer(absent, group, records - len(odd)))


def _look(path: Path) -> tuple[list[str], int]:
    """The column names of a file and the number of its rows."""
    try:
        with pq.ParquetFile(path) as file:
            return file.schema_arrow.names, file.metadata.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError("this is not a Parquet file, or a damaged one", hint=_NO_PARQUET) from error


def _is_nested(kind: str) -> bool:
    return kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]")


def _as_text(column: str, kind: str) -> str:
    """A value as text: whole numbers without a decimal point, nested values as JSON, times with their offset."""
    text = f"cast({column} as varchar)"
    if kind in _EXACT_UP_TO:
        whole = whole_text(column, f"cast(cast({column} as bigint) as varchar)", _EXACT_UP_TO[kind])
        return f"case when isfinite({column}) and {column} = trunc({column}) then {whole} else {text} end"
    if kind.startswith("DECIMAL"):
        return f"regexp_replace({text}, '[.]0+$', '')"
    return f"cast({f'to_json({column})' if _is_nested(kind) else column} as varchar)"


def _has_nul(column: str, kind: str) -> str:
    """SQL that checks a value for the character NUL; empty if its type cannot contain one."""
    if _is_nested(kind):
        return f"({has_nul(f'cast(to_json({column}) as varchar)')})"
    return f"contains({column}, chr(0))" if kind == "VARCHAR" else ""
