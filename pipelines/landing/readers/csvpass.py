"""The strict CSV pass: counts records, finds their physical lines, and finds lines that cannot be read.

This is the only place where Python processes the rows of a CSV file. `count_plain` is the fast way for a file in which
each line is a record. `rewrite` is for all other files: it takes out the unreadable lines and writes the records to a
clean copy, each with its number and line. DuckDB can read that copy in only one way.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.base.errors import InputError
from pipelines.landing.cells import BLANKS
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.csvlines import Lines
from pipelines.landing.readers.textfile import LONGEST_LINE, is_too_long, next_line, open_text, shortened
from pipelines.landing.spans import Rule, Span

if TYPE_CHECKING:
    import _csv


@dataclass(frozen=True)
class Count:
    """The result of the pass.

    Attributes:
        header: The column names from the file or the mapping, trimmed.
        records: The number of good records.
        characters: The number of characters in all fields of all good records: a second check of the reader.
        spans: The lines that cannot be read.
        is_plain: Whether the file can be read without a copy: record n is n lines below the header.
        line_end: The line end of a plain file.
        header_rows: The rows of the header, trimmed; empty if the mapping names the columns.
        is_unterminated: Whether the file ends with a good record that has no line end.
    """

    header: tuple[str, ...]
    records: int
    characters: int
    spans: tuple[Span, ...] = ()
    is_plain: bool = False
    line_end: str = "\n"
    header_rows: tuple[tuple[str, ...], ...] = ()
    is_unterminated: bool = False


def read_header(path: Path, group: FileGroup) -> tuple[str, ...]:
    """The column names of a file, from its first lines only.

    Raises:
        InputError: There is no header, or the text cannot be decoded.
    """
    return read_header_rows(path, group)[0]


def read_header_rows(path: Path, group: FileGroup) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The column names of a file and the rows of its header, from its first lines only.

    Raises:
        InputError: There is no header, or the text cannot be decoded.
    """
    with open_text(path, group.encoding) as file:
        return _header(Lines(file), group)


def count_plain(path: Path, group: FileGroup) -> Count | None:
    """Count a file in which every line is a good record; None for any other file."""
    if group.encoding != "utf-8" or group.header_rows != 1:
        return None
    records = characters = 0
    last = ""
    with open_text(path, group.encoding) as file:
        header, header_rows = _header(Lines(file), group)
        file.seek(0)
        for _ in range(group.skip_rows):
            next_line(file)

        def lines() -> Iterator[str]:
            nonlocal last
            for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), "")):
                if number > records + 1:  # a record over several lines: not plain, and it may never end
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
            is_unterminated=records > 0 and _lacks_end(last, group),
        )


def rewrite(path: Path, group: FileGroup, clean: Path) -> Count:
    """Write the good records of a file to `clean`: UTF-8, without header, all fields quoted, number and line first.

    A record that the csv module rejects, or that covers several lines and has the wrong number of fields, is unreadable
    from its first line on. Reading continues at the next line that alone has the right number of fields. A line that is
    too long is one span, of which only the beginning is kept.
    """
    spans: list[Span] = []
    records = characters = 0
    is_unterminated = False
    with open_text(path, group.encoding) as file, clean.open("w", encoding="utf-8", newline="") as out:
        lines = Lines(file)
        header, header_rows = _header(lines, group)
        reader = _reader(lines, group)
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        slow_until_line = 0
        while True:
            if lines.number >= slow_until_line:
                block = lines.ahead()
                if rows := _good_records(block, len(header), group):
                    first = records + len(spans) + 1
                    writer.writerows([n, lines.number + 1 + n - first, *row] for n, row in enumerate(rows, first))
                    records += len(rows)
                    characters += sum(map(len, chain.from_iterable(rows)))
                    is_unterminated = _lacks_end(block[-1], group)
                    lines.skip(len(block))
                    continue
                slow_until_line = lines.number + len(block)
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
                    is_unterminated = _lacks_end(lines.taken[-1], group)
                    characters += sum(map(len, row))
                    writer.writerow([records + len(spans), line, *row])
                continue
            is_unterminated = False
            if len(lines.taken) > 1 and rule is not Rule.TOO_LONG:
                lines.give_back_all_but(1)
                _skip_to_record(lines, len(header), group)
            text = "".join(lines.taken).rstrip("\r\n")
            if rule is Rule.TOO_LONG or is_too_long(lines.taken[0]):
                rule, text = Rule.TOO_LONG, shortened(text)
            spans.append(Span(records + len(spans) + 1, line, lines.number, rule, text.replace("\0", "\u2400")))
    return Count(header, records, characters, tuple(spans), header_rows=header_rows, is_unterminated=is_unterminated)


def _good_records(block: Sequence[str], width: int, group: FileGroup) -> list[list[str]]:
    """The records of a block if every line is one good record; otherwise an empty list."""
    if not block or not _fits(4 * max(map(len, block)) + 3 * width) or any("\0" in line for line in block):
        return []
    try:
        rows = list(_reader(iter(block), group))
    except csv.Error:
        return []
    return rows if len(rows) == len(block) and all(len(row) == width for row in rows) else []


def _lacks_end(line: str, group: FileGroup) -> bool:
    """Whether a record's last line has neither a line end nor a closing quote."""
    return not line.endswith(("\n", "\r") if group.quoting == "none" else ("\n", "\r", '"'))


def _fault(row: list[str], lines: list[str], width: int, group: FileGroup) -> Rule | None:
    """The rule that a record from the csv module breaks; None if it is a good record or a blank line."""
    if not row:
        return None
    if any("\0" in field for field in row):
        return Rule.NUL
    if len(row) != width:
        return Rule.NO_RECORD if len(lines) > 1 else Rule.RAGGED
    if _is_too_wide(row):
        return Rule.TOO_LONG
    inner = lines[1:-1]
    # A quote that is opened by mistake and closed by a later one includes whole records, and the number of fields can
    # still be right.
    if len(inner) > 1 and width > 2 and all(_is_record(line, width, group) for line in inner):
        return Rule.NO_RECORD
    return None


def _is_too_wide(row: list[str]) -> bool:
    """Whether the record's line in the clean copy (UTF-8, all fields quoted) is too long for DuckDB."""
    if _fits(4 * sum(map(len, row)) + 3 * len(row)):
        return False
    return not _fits(sum(len(field.encode()) + field.count('"') + 3 for field in row))


def _fits(most_bytes: int) -> bool:
    """Whether DuckDB can read a line of the clean copy, whose fields have at most so many bytes."""
    return most_bytes <= LONGEST_LINE - 100  # the number and the line of the record come first


def _skip_to_record(lines: Lines, width: int, group: FileGroup) -> None:
    """Take lines until the next line that is a good record alone, or until they are too long for one record."""
    while line := lines.take():
        if is_too_long(line) or lines.characters >= LONGEST_LINE or _is_record(line, width, group):
            lines.give_back_all_but(len(lines.taken) - 1)
            return


def _is_record(line: str, width: int, group: FileGroup) -> bool:
    try:
        return len(next(_reader(iter([line]), group))) == width
    except (csv.Error, StopIteration):
        return False


def _header(lines: Lines, group: FileGroup) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The column names and the rows of the header."""
    for _ in range(group.skip_rows):
        lines.take()
    lines.begin()
    if group.names is not None:
        return group.names, ()
    reader = _reader(lines, group)
    try:
        rows = [next(reader) for _ in range(group.header_rows)]
    except StopIteration:
        raise InputError(
            "there is no header: the file ends before it",
            hint="The delivery may be cut off: have the file delivered again.",
        ) from None
    except csv.Error as error:
        raise InputError(
            f"line {lines.number}: the header is not valid CSV: {error}", hint="Correct the header."
        ) from error
    trimmed = tuple(tuple(cell.strip(BLANKS) for cell in row) for row in rows)
    names = trimmed[0]
    if any("\0" in name for name in names):
        raise InputError(
            f"line {lines.number}: the header contains the character NUL",
            hint="Declare the file's `encoding` in the mapping.",
        )
    if not any(names):
        raise InputError(
            f"line {lines.number}: the header is blank",
            hint="If the header is further below, declare `skip_rows` in the mapping.",
        )
    return names, trimmed


def _reader(lines: Iterator[str], group: FileGroup) -> "_csv.Reader":
    if group.quoting == "none":
        return csv.reader(lines, delimiter=group.separator, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=group.separator, strict=True)
