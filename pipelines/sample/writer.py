"""Writing feeds: rows cut into files by their day, text joined to lines, always the same bytes.

Only bytes and names; what a row says stands elsewhere. A file's lines are one slice of one text buffer, so that a million
rows cost no loop in Python.
"""

import gzip
import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.sample import text
from pipelines.sample.feed import Feed, file_days
from pipelines.sample.process import EPOCH, Ints

CHUNK_ROWS = 400_000


@dataclass(frozen=True)
class Written:
    """What became of a feed's rows.

    Attributes:
        files: Names of the files, in order of their day.
        rows: Records in each.
    """

    files: tuple[str, ...]
    rows: tuple[int, ...]


def write(feed: Feed, inbox: Path, last: int) -> Written:
    """Write a feed's files.

    Args:
        feed: The feed.
        inbox: Where the files go.
        last: The last day: no file bears a later one.

    Returns:
        The files and their rows.
    """
    days = file_days(feed.arrives, feed.every, last)
    order = np.argsort(days, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(days[order])) + 1, len(order)) if len(order) else np.array([], np.int64)
    files: list[str] = []
    rows: list[int] = []
    start = 0
    while start < len(order):
        full = int(np.searchsorted(ends, start + CHUNK_ROWS, side="right"))
        end = int(ends[max(full - 1, int(np.searchsorted(ends, start, side="right")))])
        table = feed.render(order[start:end])
        cuts = np.concatenate([[start], ends[(ends > start) & (ends <= end)]])
        names = [_name(feed, int(days[order[cut]])) for cut in cuts[:-1]]
        _write_chunk(feed, inbox, table, names, cuts - start)
        files += names
        rows += np.diff(cuts).tolist()
        start = end
    return Written(tuple(files), tuple(rows))


def _name(feed: Feed, day: int) -> str:
    return f"{feed.name}_{EPOCH + timedelta(days=day)}.{feed.suffix}"


def _write_chunk(feed: Feed, inbox: Path, table: pa.Table, names: list[str], cuts: Ints) -> None:
    if feed.suffix == "parquet":
        for name, start, end in zip(names, cuts[:-1], cuts[1:], strict=True):
            pq.write_table(table.slice(start, end - start), inbox / name, compression="zstd")
        return
    lines = _json_lines(table) if feed.suffix == "jsonl" else _separated(table, feed.separator)
    data, offsets = _buffer(lines)
    header = b"" if feed.suffix == "jsonl" else _header(feed, table)
    for name, start, end in zip(names, cuts[:-1], cuts[1:], strict=True):
        content = header + bytes(data[offsets[start] : offsets[end]])
        (inbox / name).write_bytes(_gzipped(content) if name.endswith(".gz") else content)


def _header(feed: Feed, table: pa.Table) -> bytes:
    names = pa.table({name: pa.array([name], pa.large_string()) for name in table.column_names})
    title = "".join(f"{line}\n" for line in feed.title)
    line: str = _separated(names, feed.separator)[0].as_py()
    return f"{title}{line}".encode()


def _buffer(lines: pa.Array) -> tuple[memoryview, Ints]:
    """The text of all lines as one buffer, and where each begins."""
    _, offsets, data = lines.buffers()
    starts = np.frombuffer(offsets, np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data if data is not None else b""), starts


def _gzipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=6, mtime=0) as file:
        file.write(content)
    return target.getvalue()


def _separated(table: pa.Table, separator: str) -> pa.Array:
    """CSV lines with their ends; a field is quoted where it must be."""
    fields = [_field(_flat(column), separator) for column in table.columns]
    return text.joined(text.joined(*fields, by=separator), text.constant("\n", len(table)))


def _field(column: pa.Array, separator: str) -> pa.Array:
    filled = pc.fill_null(column, "")
    data = filled.buffers()[2]
    content = bytes(data) if data is not None else b""
    if not any(mark in content for mark in (b'"', b"\n", b"\r", separator.encode())):
        return filled
    quoted = text.joined(
        text.constant('"', len(filled)), pc.replace_substring(filled, '"', '""'), text.constant('"', len(filled))
    )
    return pc.if_else(pc.match_substring_regex(filled, f'["\\n\\r{separator}]'), quoted, filled)


def _json_lines(table: pa.Table) -> pa.Array:
    """JSON objects with their line ends; a dot in a name nests it, neighbours of one prefix share an object."""
    parts: list[pa.Array] = []
    opened = ""
    for index, name in enumerate(table.column_names):
        group, _, leaf = name.rpartition(".")
        glue = "{" if index == 0 else ", "
        if group != opened:
            glue = ("}" if opened else "") + glue + (f'"{group}": {{' if group else "")
            opened = group
        parts += [text.constant(f'{glue}"{leaf}": ', len(table)), _json_value(_flat(table.column(name)))]
    parts.append(text.constant(("}" if opened else "") + "}\n", len(table)))
    return text.joined(*parts)


def _json_value(column: pa.Array) -> pa.Array:
    if not pa.types.is_large_string(column.type):
        return pc.fill_null(pc.cast(column, pa.large_string()), "null")
    escaped = column
    for mark, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        escaped = pc.replace_substring(escaped, mark, code)
    quote = text.constant('"', len(column))
    return pc.fill_null(text.joined(quote, escaped, quote), "null")


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
