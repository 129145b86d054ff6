"""Reads CSV and TSV into DuckDB: the file itself if each line is a record, else a clean copy.

In both cases DuckDB must find as many records and characters as the strict CSV pass (csvpass.py) has counted.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.base.text import counted
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import csvpass
from pipelines.landing.readers.optional import without_customer
from pipelines.landing.readers.relation import (
    TABLE,
    Own,
    Reading,
    check_columns,
    check_last_header,
    make_view,
    unique_names,
)
from pipelines.landing.readers.repeats import header_condition, header_spans, unterminated_record
from pipelines.landing.readers.wide import file_columns


class TextTableReader:
    """Reads `csv` and `tsv`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """Check the column names, which are in the first lines of the file or in the mapping; see `Reader.check`."""
        header, rows = csvpass.read_header_rows(path, group)
        absent = check_columns(header, group)
        check_last_header(rows, group)
        return absent

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a CSV or TSV file; see `Reader.read`."""
        return _read(connection, path, group, scratch)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
    absent = check_columns(csvpass.read_header(path, group), group)
    count = csvpass.count_plain(path, group)
    if count is None or not _load_plain(connection, path, group, count):
        clean = scratch / "clean.csv"
        try:
            count = csvpass.rewrite(path, group, clean)
            _load_clean(connection, clean, count)
        finally:
            clean.unlink(missing_ok=True)
    check_last_header(count.header_rows, group)
    names = unique_names(count.header)
    by_lower = {name.lower(): f"f{index}" for index, name in enumerate(names)}
    raw = ", ".join(f"{quoting.name(name)} := f{index}" for index, name in enumerate(names))
    record, line = (
        ("rowid + 1", f"rowid + {group.skip_rows + 2}")
        if count.is_plain
        else ("cast(record as bigint)", "cast(line as bigint)")
    )
    own = Own(record, line, f"cast(to_json(struct_pack({raw})) as varchar)")
    is_header = header_condition(count.header_rows)
    headers = header_spans(connection, count.header_rows, is_header, own)
    last = (unterminated_record(connection, len(names) - 1, count.header[-1], own),) if count.is_unterminated else ()

    def cell(path: Reference) -> str:
        if len(path) > 1:
            raise InputError(
                f"the mapping reads `{'.'.join(path)}`, but a cell of {group.format} has no fields",
                hint="If it is the name of a column, write it in double quotes: '\"a.b\"'.",
            )
        return by_lower[path[0].lower()]

    columns = file_columns(count.header_rows or [count.header], [f"f{index}" for index in range(len(names))])
    make_view(connection, group, own, cell, f"({is_header}) is not true" if headers else "true", columns)
    spans = tuple(sorted([*count.spans, *headers], key=lambda span: span.record))
    records = count.records - len(headers)
    return Reading(records, spans, last, without_customer(absent, group, records))


def _load_plain(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, count: csvpass.Count) -> bool:
    """Load the file itself; False if DuckDB reads it in a different way than the CSV pass."""
    try:
        quote = "" if group.quoting == "none" else '"'
        _load(connection, path, group.separator, count, [], skip=group.skip_rows + 1, quote=quote)
    except duckdb.Error:
        return False
    return _agrees(connection, count)


def _load_clean(connection: duckdb.DuckDBPyConnection, clean: Path, count: csvpass.Count) -> None:
    try:
        _load(connection, clean, ",", count, ["record", "line"], skip=0)
    except duckdb.Error as error:
        raise InputError(
            f"Python's csv module reads the file, but DuckDB cannot: {str(error).partition(chr(10))[0]}",
            hint="Look for very long fields, and correct the file.",
        ) from error
    if not _agrees(connection, count):
        raise InputError(
            f"two readers disagree: Python's csv module counts {counted(count.records, 'record')} with"
            f" {counted(count.characters, 'character')}, DuckDB counts others. The file is refused: nothing of it"
            " lands",
            hint="Please report this with a sample of the file.",
        )


def _load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    separator: str,
    count: csvpass.Count,
    leading: Sequence[str],
    *,
    skip: int,
    quote: str = '"',
) -> None:
    names = [*leading, *(f"f{index}" for index in range(len(count.header)))]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    new_line = "\\r\\n" if count.line_end == "\r\n" else "\\n"
    connection.execute(
        f"create or replace temp table {TABLE} as from read_csv({quoting.files(path)}, columns={{{columns}}},"
        f" delim={quoting.text(separator)}, header=false, skip={skip}, auto_detect=false, quote='{quote}',"
        f" escape='{quote}', new_line='{new_line}', strict_mode=true, null_padding=false, allow_quoted_nulls=true,"
        " hive_partitioning=false)"
    )


def _agrees(connection: duckdb.DuckDBPyConnection, count: csvpass.Count) -> bool:
    # Python adds the lengths: DuckDB's parser rejects a sum of a thousand terms, and some exports have more columns
    lengths = ", ".join(f"sum(length(f{index}))" for index in range(len(count.header)))
    query = f"select count(*), {lengths} from {TABLE}"  # noqa: S608 (names are quoted)
    ((records, *characters),) = connection.execute(query).fetchall()
    return (records, sum(int(length or 0) for length in characters)) == (count.records, count.characters)
