"""The strict csv pass: it counts records, supplies physical lines, and finds what cannot be read.

This is the only place where the rows of a CSV file go through Python. `count_plain` is the quick way for a file in
which each line is a record; `rewrite` is the careful way for any other: it cuts refused stretches out and writes the
rest anew, each record with its number and line, so that what DuckDB reads afterwards cannot be read in two ways.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.base.errors import InputError
from pipelines.landing.cells import BLANKS
from pipelines.landing.model import FileGroup
from pipelines.landing.spans import Rule, Span
from pipelines.landing.textfile import LONGEST_LINE, is_too_long, next_line, open_text, shortened

if TYPE_CHECKING:
    import _csv


@dataclass(frozen=True)
class Count:
    """What the pass found.

    Attributes:
        header: The column names as the file (or the mapping) has them, trimmed.
        records: Good records.
        characters: In all fields of all good records: a second check on the reader.
        spans: What cannot be read.
        is_plain: Whether the file can be read as it is, record n standing n lines below the header.
        line_end: The line end of a plain file.
        header_rows: The rows of the header, trimmed; none where the mapping names the columns.
        has_open_end: Whether the file ends with the last good record, without a line end.
    """

    header: tuple[str, ...]
    records: int
    characters: int
    spans: tuple[Span, ...] = ()
    is_plain: bool = False
    line_end: str = "\n"
    header_rows: tuple[tuple[str, ...], ...] = ()
    has_open_end: bool = False


class _Lines(Iterator[str]):
    """A file's lines, with those of the record in hand, which can be given back.

    As an iterator, for csv, it ends a record that grows beyond what a record may be by csv's own error.
    """

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.characters = 0  # in those taken
        self.number = 0  # of the last line handed out

    def take(self) -> str:
        """The next line, whatever its length; empty behind the last."""
        line = self._back.popleft() if self._back else next_line(self._file)
        if line:
            self.taken.append(line)
            self.characters += len(line)
            self.number += 1
        return line

    def __next__(self) -> str:
        line = self.take()
        if not line:
            raise StopIteration
        if self.characters >= LONGEST_LINE:
            raise csv.Error("a record that does not end")
        return line

    def begin(self) -> None:
        """Let go of the lines in hand: a record begins."""
        self.taken.clear()
        self.characters = 0

    def give_back_all_but(self, kept: int) -> None:
        """Give back the lines in hand but for the first `kept`."""
        surplus = self.taken[kept:]
        self._back.extendleft(reversed(surplus))
        self.characters -= sum(map(len, surplus))
        self.number -= len(surplus)
        del self.taken[kept:]


def read_header(path: Path, group: FileGroup) -> tuple[str, ...]:
    """The column names of a file, from its first lines only.

    Raises:
        InputError: Where there is none, or the text cannot be decoded.
    """
    with open_text(path, group.encoding) as file:
        return _header(_Lines(file), group)[0]


def count_plain(path: Path, group: FileGroup) -> Count | None:
    """Count a file in which every line is a good record; None where it is not so plain."""
    if group.encoding != "utf-8" or group.header_rows != 1:
        return None
    records = characters = 0
    last = ""
    with open_text(path, group.encoding) as file:
        header, header_rows = _header(_Lines(file), group)
        file.seek(0)
        for _ in range(group.skip_rows):
            next_line(file)

        def lines() -> Iterator[str]:
            nonlocal last
            for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), "")):
                if number > records + 1:  # a record over several lines: not plain, and perhaps without end
                    return
                last = line
                yield line

        reader = _reader(lines(), group)
        try:
            next(reader)
            for row in reader:
                if len(row) != len(header):
                    return None
                text = "".join(row)
                if "\0" in text:
                    return None
                characters += len(text)
                records += 1
        except csv.Error:
            return None
        if reader.line_num != records + 1 or not isinstance(file.newlines, str) or file.newlines == "\r":
            return None
        return Count(
            header,
            records,
            characters,
            is_plain=True,
            line_end=file.newlines,
            header_rows=header_rows,
            has_open_end=records > 0 and _is_open(last, group),
        )


def rewrite(path: Path, group: FileGroup, clean: Path) -> Count:
    """Write the good records of a file to `clean`: UTF-8, all fields quoted, record and line in front, no header.

    A record that csv refuses, or that has the wrong number of fields over several lines, is cut from its first line
    on; reading resumes at the next line that has the right number of fields by itself. A line that is too long is a
    span by itself, of which only the beginning is kept.
    """
    spans: list[Span] = []
    records = characters = 0
    has_open_end = False
    with open_text(path, group.encoding) as file, clean.open("w", encoding="utf-8", newline="") as out:
        lines = _Lines(file)
        header, header_rows = _header(lines, group)
        reader = _reader(lines, group)
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        while True:
            lines.begin()
            line = lines.number + 1
            try:
                row = next(reader)
                rule = _fault(row, lines.taken, len(header), group)
            except StopIteration:
                break
            except csv.Error:
                row, rule = [], Rule.NO_RECORD
            if rule is None:
                if row:
                    records += 1
                    has_open_end = _is_open(lines.taken[-1], group)
                    characters += sum(map(len, row))
                    writer.writerow([records + len(spans), line, *row])
                continue
            has_open_end = False
            if len(lines.taken) > 1 and rule is not Rule.TOO_LONG:
                lines.give_back_all_but(1)
                _pass_over(lines, len(header), group)
            text = "".join(lines.taken).rstrip("\r\n")
            if rule is Rule.TOO_LONG or is_too_long(lines.taken[0]):
                rule, text = Rule.TOO_LONG, shortened(text)
            spans.append(Span(records + len(spans) + 1, line, lines.number, rule, text.replace("\0", "\u2400")))
    return Count(header, records, characters, tuple(spans), header_rows=header_rows, has_open_end=has_open_end)


def _is_open(line: str, group: FileGroup) -> bool:
    """Whether a record's last line is without an end; a closing quote is one."""
    return not line.endswith(("\n", "\r") if group.quoting == "none" else ("\n", "\r", '"'))


def _fault(row: list[str], lines: list[str], width: int, group: FileGroup) -> Rule | None:
    """Why a record that csv has read is not good; None where it is, or where it is a blank line."""
    if not row:
        return None
    if any("\0" in field for field in row):
        return Rule.NUL
    if len(row) != width:
        return Rule.NO_RECORD if len(lines) > 1 else Rule.RAGGED
    if _is_too_wide(row):
        return Rule.TOO_LONG
    inner = lines[1:-1]
    # An open quote that happens to be closed by a later one swallows whole records and still gives the right number
    # of fields.
    if len(inner) > 1 and width > 2 and all(_stands_alone(line, width, group) for line in inner):
        return Rule.NO_RECORD
    return None


def _is_too_wide(row: list[str]) -> bool:
    """Whether a record is longer than DuckDB reads, once it is written anew: in bytes of UTF-8, all fields quoted."""
    most = LONGEST_LINE - 100  # its number and line stand in front
    if 4 * sum(map(len, row)) + 3 * len(row) <= most:
        return False
    return sum(len(field.encode()) + field.count('"') + 3 for field in row) > most


def _pass_over(lines: _Lines, width: int, group: FileGroup) -> None:
    """Take lines until the next one that is a good record by itself, or there are too many to be one."""
    while line := lines.take():
        if is_too_long(line) or lines.characters >= LONGEST_LINE or _stands_alone(line, width, group):
            lines.give_back_all_but(len(lines.taken) - 1)
            return


def _stands_alone(line: str, width: int, group: FileGroup) -> bool:
    try:
        return len(next(_reader(iter([line]), group))) == width
    except (csv.Error, StopIteration):
        return False


def _header(lines: _Lines, group: FileGroup) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names of the columns, and the rows of the header."""
    for _ in range(group.skip_rows):
        lines.take()
    lines.begin()
    if group.names is not None:
        return group.names, ()
    reader = _reader(lines, group)
    try:
        rows = [next(reader) for _ in range(group.header_rows)]
    except StopIteration:
        raise InputError("there is no header: the file ends before it", hint="Was the delivery cut off?") from None
    except csv.Error as error:
        raise InputError(
            f"line {lines.number}: the header is not valid CSV: {error}", hint="Correct the header."
        ) from error
    trimmed = tuple(tuple(cell.strip(BLANKS) for cell in row) for row in rows)
    names = trimmed[0]
    if any("\0" in name for name in names):
        raise InputError(
            f"line {lines.number}: the header has the character NUL", hint="Say the file's encoding in the mapping."
        )
    if not any(names):
        raise InputError(f"line {lines.number}: the header is blank", hint="Declare `skip_rows` in the mapping.")
    return names, trimmed


def _reader(lines: Iterator[str], group: FileGroup) -> "_csv.Reader":
    if group.quoting == "none":
        return csv.reader(lines, delimiter=group.separator, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=group.separator, strict=True)
