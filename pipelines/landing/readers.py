"""Reading a file into DuckDB: after this, `landing_source` is a view of its records, every column text.

Beside the source's own columns the view has `landing_record`, `landing_line` and `landing_raw` (the record as JSON). What
becomes of the records is rows.py's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.errors import InputError
from pipelines.landing import csvpass
from pipelines.landing.binding import RELATION, record_tree
from pipelines.landing.expressions import quote_name, quote_text
from pipelines.landing.model import FileGroup
from pipelines.landing.spans import Span

TABLE = "landing_read"


@dataclass(frozen=True)
class Reading:
    """What an independent pass found in a file.

    Attributes:
        records: Records in the view, as counted by the pass.
        spans: What could not be read, in order.
        shape: The file's columns; files of one shape can share what was worked out for it.
    """

    records: int
    spans: tuple[Span, ...] = ()
    shape: tuple[str, ...] = field(default=())


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
        return _read_csv(connection, path, group, scratch)
    raise InputError(f"{group.format} is not read yet")


def escaped_glob(path: Path) -> str:
    """A path as a SQL literal that DuckDB does not take for a pattern."""
    return quote_text("".join(f"[{char}]" if char in "*?[" else char for char in str(path)))


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names, made different where they differ by nothing or by case only (DuckDB holds those for equal)."""
    seen: set[str] = set()
    names = []
    for position, given in enumerate(header, start=1):
        base = given or f"column {position}"
        name, count = base, 1
        while name.lower() in seen:
            count += 1
            name = f"{base} ({count})"
        seen.add(name.lower())
        names.append(name)
    return tuple(names)


def check_columns(header: Sequence[str], group: FileGroup) -> None:
    """Refuse a header that lacks a column which the mapping reads, or has it twice.

    Raises:
        InputError: Names the columns.
    """
    present = [name.lower() for name in header]
    needed = list(record_tree(group).children)
    missing = [name for name in needed if name.lower() not in present]
    if missing:
        raise InputError(
            f"the header lacks {', '.join(f'`{name}`' for name in missing)}; it has {', '.join(f'`{n}`' for n in header)}",
            hint="Mend the file, or the mapping where the source has changed its layout.",
        )
    twice = [name for name in needed if present.count(name.lower()) > 1]
    if twice:
        raise InputError(
            f"the header has {', '.join(f'`{name}`' for name in twice)} more than once, and the mapping reads it",
            hint="Give the columns different names.",
        )


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
    check_columns(csvpass.read_header(path, group), group)
    count = csvpass.count_plain(path, group)
    if count is None or not _load_plain(connection, path, group, count):
        clean = scratch / "clean.csv"
        try:
            count = csvpass.rewrite(path, group, clean)
            _load_clean(connection, clean, count)
        finally:
            clean.unlink(missing_ok=True)
    names = unique_names(count.header)
    columns = [f"{_emptied(f'f{index}', group)} as {quote_name(name)}" for index, name in enumerate(names)]
    fields = ", ".join(f"{quote_name(name)} := f{index}" for index, name in enumerate(names))
    position = (
        "rowid + 1 as landing_record, rowid + 2 as landing_line"
        if count.is_plain
        else "cast(record as bigint) as landing_record, cast(line as bigint) as landing_line"
    )
    connection.execute(
        f"create or replace temp view {RELATION} as select {position},"
        f" cast(to_json(struct_pack({fields})) as varchar) as landing_raw, {', '.join(columns)} from {TABLE}"
    )
    return Reading(count.records, count.spans, names)


def _load_plain(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, count: csvpass.Count) -> bool:
    """Load the file as it is; False where DuckDB reads anything else than the csv pass did."""
    try:
        _load(connection, path, group.separator, count, [], count.line_end, header=True)
    except duckdb.Error:
        return False
    return _agrees(connection, count)


def _load_clean(connection: duckdb.DuckDBPyConnection, clean: Path, count: csvpass.Count) -> None:
    try:
        _load(connection, clean, ",", count, ["record", "line"], "\n", header=False)
    except duckdb.Error as error:
        raise InputError(
            f"DuckDB cannot read what csv reads: {str(error).partition(chr(10))[0]}",
            hint="Look for very long fields; mend the file.",
        ) from error
    if not _agrees(connection, count):
        raise InputError(
            f"two readers do not agree: csv counts {count.records} records of {count.characters} characters",
            hint="The file is refused whole; report it with a sample.",
        )


def _load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    separator: str,
    count: csvpass.Count,
    leading: Sequence[str],
    line_end: str,
    *,
    header: bool,
) -> None:
    names = [*leading, *(f"f{index}" for index in range(len(count.header)))]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    new_line = "\\r\\n" if line_end == "\r\n" else "\\n"
    connection.execute(
        f"create or replace temp table {TABLE} as select * from read_csv({escaped_glob(path)}, columns={{{columns}}},"
        f" delim={quote_text(separator)}, header={str(header).lower()}, auto_detect=false, quote='\"', escape='\"',"
        f" new_line='{new_line}', strict_mode=true, null_padding=false, allow_quoted_nulls=true)"
    )


def _agrees(connection: duckdb.DuckDBPyConnection, count: csvpass.Count) -> bool:
    lengths = " + ".join(f"coalesce(sum(length(f{index})), 0)" for index in range(len(count.header)))
    found = connection.execute(f"select count(*), {lengths} from {TABLE}").fetchone()
    return found is not None and (found[0], int(found[1])) == (count.records, count.characters)


def _emptied(column: str, group: FileGroup) -> str:
    if not group.nulls:
        return column
    return f"case when {column} in ({', '.join(map(quote_text, group.nulls))}) then null else {column} end"
