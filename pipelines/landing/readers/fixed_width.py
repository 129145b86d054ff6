"""Reads fixed-width text: each line is a record, and each field has its positions in the line.

Python only splits the file into lines and looks at their length. DuckDB cuts out the fields.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.landing.cells import BLANKS
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.records import LINES, Record, load_records, unreadable_spans
from pipelines.landing.readers.relation import TABLE, Own, Reading, UnterminatedRecord, make_view
from pipelines.landing.readers.repeats import unterminated_record
from pipelines.landing.readers.textfile import is_too_long, next_line, open_text, shortened
from pipelines.landing.spans import Rule

# If positions count bytes, it stands for each byte of a character after its first one. It is not a character of text.
_MORE = "\uffff"
_LOADED = "landing_fixed"


class FixedWidthReader:
    """Reads `fixed`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """Check that the text can be decoded at its beginning. The fields are in the mapping, not in the file."""
        with open_text(path, group.encoding) as file:
            next_line(file)
        return frozenset()

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a fixed-width file; see `Reader.read`."""
        lines = _Lines(path, group)
        count = load_records(connection, lines.records(), f"create or replace temp table {_LOADED} as from {LINES}")
        spans = unreadable_spans(connection, _LOADED)
        fields = dict(group.fields or {})
        raw_fields = {**fields, **_gaps(fields)}
        cut = ", ".join(
            f"{_text_at(group, first, last)} as f{index}" for index, (first, last) in enumerate(raw_fields.values())
        )
        connection.execute(
            f"create or replace temp table {TABLE} as select record, line, {cut} from {_LOADED} where rule is null"  # noqa: S608 (names are quoted)
        )
        connection.execute(f"drop table {_LOADED}")
        raw = ", ".join(f"{quoting.name(name)} := f{index}" for index, name in enumerate(raw_fields))
        own = Own("record", "line", f"cast(to_json(struct_pack({raw})) as varchar)")
        by_lower = {name.lower(): f"f{index}" for index, name in enumerate(fields)}

        def cell(path: Reference) -> str:
            if len(path) > 1:
                raise InputError(
                    f"the mapping reads `{'.'.join(path)}`, but a field of fixed width has no fields of its own",
                    hint="If it is the name of a field, write it in double quotes: '\"a.b\"'.",
                )
            return by_lower[path[0].lower()]

        make_view(connection, group, own, cell)
        ends: tuple[UnterminatedRecord, ...] = ()
        if lines.is_unterminated and count > len(spans):
            last = max(range(len(fields)), key=lambda index: list(fields.values())[index][1])
            ends = (unterminated_record(connection, last, list(fields)[last], own),)
        return Reading(count - len(spans), spans, ends)


class _Lines:
    """The lines of a file.

    Args:
        path: The file.
        group: The group of the mapping.

    Attributes:
        is_unterminated: After the last record: whether it is readable and has no line end.
    """

    def __init__(self, path: Path, group: FileGroup) -> None:
        self._path = path
        self._group = group
        self._fields = list((group.fields or {}).values())
        self._width = max(last for _, last in self._fields)
        self.is_unterminated = False

    def records(self) -> Iterator[Record]:
        """A record per line that is not blank."""
        with open_text(self._path, self._group.encoding) as file:
            for number, line in enumerate(iter(lambda: next_line(file), ""), start=1):
                if number <= self._group.skip_rows:
                    continue
                if is_too_long(line):
                    yield Record(number, shortened(line), Rule.TOO_LONG)
                    continue
                text = line.rstrip("\r\n")
                if text.strip(BLANKS):
                    record = self._record(number, text)
                    self.is_unterminated = text == line and record.rule is None
                    yield record

    def _record(self, number: int, text: str) -> Record:
        if self._group.positions_in == "bytes" and _MORE in text:
            return Record(number, text, Rule.NO_RECORD)
        placed = self._placed(text)
        is_short = len(placed) < self._width and self._group.short_lines == "unreadable"
        if "\0" in text:
            return Record(number, text, Rule.NUL)
        if is_short or placed[self._width :].strip(BLANKS) or self._splits(placed):
            return Record(number, text, Rule.RAGGED)
        return Record(number, placed)

    def _placed(self, text: str) -> str:
        """The text with one character per position."""
        if self._group.positions_in == "characters" or text.isascii():
            return text
        encoding = {"latin-1": "latin-1", "windows-1252": "cp1252"}.get(self._group.encoding, self._group.encoding)
        return "".join(one + _MORE * (len(one.encode(encoding)) - 1) for one in text)

    def _splits(self, placed: str) -> bool:
        """Whether a field begins or ends inside a character."""
        if self._group.positions_in == "characters" or placed.isascii():
            return False
        return any(_MORE in (placed[first - 1 : first], placed[last : last + 1]) for first, last in self._fields)


def _text_at(group: FileGroup, first: int, last: int) -> str:
    """SQL of the text at positions of the line."""
    text = f"substring(document, {first}, {last - first + 1})"
    return f"replace({text}, {quoting.text(_MORE)}, '')" if group.positions_in == "bytes" else text


def _gaps(fields: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The positions before the last field that no field covers. Their text is kept in the raw record."""
    gaps, covered = {}, 0
    for first, last in sorted(fields.values()):
        if first > covered + 1:
            gaps[f"({covered + 1}-{first - 1})"] = (covered + 1, first - 1)
        covered = max(covered, last)
    return gaps
