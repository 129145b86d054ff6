"""Writes feeds: divides rows into files by day and writes their lines, always with the same bytes.

Other modules make the rows. The lines of a file are one slice of one text buffer, so there is no Python loop over rows.
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

from pipelines.sample.dirt import Plan, damage, edit
from pipelines.sample.feed import Feed, file_days
from pipelines.sample.lines import json_lines, separated_lines
from pipelines.sample.process import EPOCH, Ints

CHUNK_ROWS = 400_000


@dataclass(frozen=True)
class BadRow:
    """The place of a bad row, and the rule that it breaks.

    Attributes:
        file_name: The file.
        line: Its physical line, from 1.
        key: The columns of its key, joined by `|`, without empty ones; empty if landing cannot read the row.
        rule: The code of the rule.
    """

    file_name: str
    line: int
    key: str
    rule: str


@dataclass(frozen=True)
class Written:
    """The result for a feed.

    Attributes:
        feed: The feed.
        files: The names of its files, sorted by day.
        records: The number of records in each file, including bad rows.
        good_rows: The number of entity rows from good records.
        bad: The bad rows, sorted by file and line.
    """

    feed: Feed
    files: tuple[str, ...]
    records: tuple[int, ...]
    good_rows: int
    bad: tuple[BadRow, ...]


@dataclass
class _Chunk:
    """The rows of several complete files. `number` is -1 for a good row, else the bad row's position in the plan."""

    table: pa.Table
    number: Ints
    names: list[str]
    cuts: Ints


def write(feed: Feed, plan: Plan, inbox: Path, last: int) -> Written:
    """Write a feed's files.

    Args:
        feed: The feed.
        plan: Its bad rows.
        inbox: The folder of the files.
        last: The last day: no file name has a later one.

    Returns:
        The files and the bad rows in them.
    """
    good = len(feed.arrives)
    row = np.concatenate([np.arange(good), plan.made_from])
    number = np.concatenate([np.full(good, -1), np.arange(len(plan.made_from))])
    days = file_days(feed.arrives, feed.every, last)[row]
    order = np.lexsort((number, row, days))
    ends = np.append(np.flatnonzero(np.diff(days[order])) + 1, len(order))
    files: list[str] = []
    records: list[int] = []
    bad: list[BadRow] = []
    good_rows = start = 0
    while start < len(order):
        reach = max(int(np.searchsorted(ends, start + CHUNK_ROWS, side="right")) - 1, 0)
        end = int(max(ends[reach], ends[np.searchsorted(ends, start, side="right")]))
        cuts = np.concatenate([[start], ends[(ends > start) & (ends <= end)]])
        names = [f"{feed.name}_{EPOCH + timedelta(days=int(days[order[cut]]))}.{feed.suffix}" for cut in cuts[:-1]]
        here = number[order[start:end]]
        broken = np.flatnonzero(here >= 0)
        table = edit(feed, feed.render(row[order[start:end]]), broken, here[broken], plan)
        chunk = _Chunk(table, here, names, cuts - start)
        good_rows += _good_rows(feed, chunk)
        bad += _write_chunk(feed, plan, inbox, chunk)
        files += names
        records += np.diff(cuts).tolist()
        start = end
    return Written(feed, tuple(files), tuple(records), good_rows, tuple(bad))


def _good_rows(feed: Feed, chunk: _Chunk) -> int:
    good = pa.array(chunk.number < 0)
    if not feed.answers:
        return int(np.count_nonzero(chunk.number < 0))
    given = (pc.drop_null(chunk.table.column(name).filter(good)) for name in feed.answers)
    return sum(len(answers) for answers in given)


def _write_chunk(feed: Feed, plan: Plan, inbox: Path, chunk: _Chunk) -> list[BadRow]:
    spans = list(zip(chunk.names, chunk.cuts[:-1].tolist(), chunk.cuts[1:].tolist(), strict=True))
    if feed.suffix == "parquet":
        for name, start, end in spans:
            pq.write_table(chunk.table.slice(start, end - start), inbox / name, compression="zstd")
        return []
    is_json = feed.suffix == "jsonl"
    lines = json_lines(chunk.table) if is_json else separated_lines(chunk.table, feed.separator)
    lines = _damaged(feed, plan, chunk, lines)
    data, offsets = _buffer(lines)
    header = b"" if is_json else _header(feed, chunk.table)
    height = pc.count_substring(lines, "\n").to_numpy(zero_copy_only=False)
    line = np.concatenate([[0], np.cumsum(height)])
    bad: list[BadRow] = []
    for name, start, end in spans:
        content = header + bytes(data[offsets[start] : offsets[end]])
        (inbox / name).write_bytes(_gzipped(content) if name.endswith(".gz") else content)
        above = header.count(b"\n") + 1 - int(line[start])
        for spot in (start + np.flatnonzero(chunk.number[start:end] >= 0)).tolist():
            breakage = plan.breakages[chunk.number[spot]]
            key = "" if breakage.rule.startswith("LND") else _key(feed, chunk.table, spot)
            bad.append(BadRow(name, above + int(line[spot]), key, breakage.rule))
    return bad


def _key(feed: Feed, table: pa.Table, row: int) -> str:
    parts = [table.column(column)[row].as_py() for column in feed.key]
    if feed.answers:
        parts.append(next(question for name, question in feed.answers.items() if table.column(name)[row].is_valid))
    return "|".join(part for part in parts if part is not None)


def _damaged(feed: Feed, plan: Plan, chunk: _Chunk, lines: pa.Array) -> pa.Array:
    """The lines, with damage in those that landing must not be able to read."""
    spots = [row for row in np.flatnonzero(chunk.number >= 0).tolist() if plan.breakages[chunk.number[row]].damage]
    if not spots:
        return lines
    ruined = [damage(lines[row].as_py(), plan.breakages[chunk.number[row]].damage, feed.separator) for row in spots]
    mask = np.zeros(len(lines), bool)
    mask[spots] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array(ruined, pa.large_string()))


def _header(feed: Feed, table: pa.Table) -> bytes:
    names = pa.table({name: pa.array([name], pa.large_string()) for name in table.column_names})
    title = "".join(f"{line}\n" for line in feed.title)
    line: str = separated_lines(names, feed.separator)[0].as_py()
    return f"{title}{line}".encode()


def _buffer(lines: pa.Array) -> tuple[memoryview, Ints]:
    """The text of all lines as one buffer, and the start of each line."""
    _, offsets, data = lines.buffers()
    starts = np.frombuffer(offsets, np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data if data is not None else b""), starts


def _gzipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=6, mtime=0) as file:
        file.write(content)
    return target.getvalue()
