"""Splits JSON files into records: the text and the first line of each record. The text is not interpreted.

In JSON lines, a record is a line that is not blank. In a JSON document, it is an element of the list that the mapping
names. The text of a record stays unchanged, so that Python cannot change a number.
"""

import json
from collections.abc import Generator, Iterator
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.landing.readers.records import Record
from pipelines.landing.readers.textfile import is_too_long, next_line, open_text, shortened
from pipelines.landing.spans import Rule

_BLANK = " \t\n\r"
# A document is split in memory; for JSON lines there is no such limit.
LONGEST_DOCUMENT = 128 * 1024**2


def json_lines(path: Path, encoding: str) -> Iterator[Record]:
    """The records of a JSON lines file.

    Raises:
        InputError: The text cannot be decoded.
    """
    with open_text(path, encoding) as file:
        for number, line in enumerate(iter(lambda: next_line(file), ""), start=1):
            if is_too_long(line):
                yield Record(number, shortened(line), Rule.TOO_LONG)
            elif text := line.strip(_BLANK):
                yield Record(number, text)


def json_elements(path: Path, encoding: str, records: str) -> Iterator[Record]:
    """The records of a JSON document.

    Args:
        path: The file.
        encoding: Its encoding.
        records: The dotted path to the list; empty if the document itself is the list. A single object is one record.

    Raises:
        InputError: The document is not valid JSON (with the line), has no list there or two lists, has more text after
            its end, or is too long to be split in memory.
    """
    with open_text(path, encoding) as file:
        text = file.read(LONGEST_DOCUMENT + 1)
    if len(text) > LONGEST_DOCUMENT:
        raise InputError(
            f"the document has more than {LONGEST_DOCUMENT:,} characters",
            hint="Have it delivered as JSON lines, or in smaller files.",
        )
    document = _Document(text, records)
    at = document.skip_blank(0)
    names = records.split(".") if records else []
    for name in names:
        at = document.member(at, name)
    at = yield from document.elements(at)
    for name in reversed(names):
        at = document.end_of_object(at, name)
    document.end(at)


class _Document:
    """A JSON text and positions in it.

    Args:
        text: The document.
        records: The dotted path to its list, for messages.
    """

    def __init__(self, text: str, records: str) -> None:
        self._text = text
        self._records = records
        self._decoder = json.JSONDecoder()

    def skip_blank(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in _BLANK:
            at += 1
        return at

    def member(self, at: int, name: str) -> int:
        """The position of a member's value in the object at `at`."""
        if self._at(at) != "{":
            raise self._no_list()
        at = self.skip_blank(at + 1)
        while self._at(at) == '"':
            key, at = self._key(at)
            if key == name:
                return at
            at = self.skip_blank(self._end_of_value(at))
            if self._at(at) != ",":
                break
            at = self.skip_blank(at + 1)
        raise self._no_list()

    def elements(self, at: int) -> Generator[Record, None, int]:
        """The elements of the list at `at`, or the single object there. Returns the position after it."""
        if self._at(at) == "{":
            end = self._end_of_value(at)
            yield Record(1 + self._text.count("\n", 0, at), self._text[at:end])
            return end
        if self._at(at) != "[":
            raise self._no_list()
        at = self.skip_blank(at + 1)
        line, counted = 1, 0
        if self._at(at) == "]":
            return at + 1
        while True:
            end = self._end_of_value(at)
            line, counted = line + self._text.count("\n", counted, at), at
            yield Record(line, self._text[at:end])
            at = self.skip_blank(end)
            if self._at(at) == "]":
                return at + 1
            if self._at(at) != ",":
                raise self._broken(at, "a comma is missing; was the delivery cut off?")
            at = self.skip_blank(at + 1)

    def end_of_object(self, at: int, name: str) -> int:
        """The position after an object whose member `name`, which ends at `at`, has been read."""
        at = self.skip_blank(at)
        while self._at(at) == ",":
            key, at = self._key(self.skip_blank(at + 1))
            if key == name:
                raise self._broken(at, f"one object has `{name}` twice")
            at = self.skip_blank(self._end_of_value(at))
        if self._at(at) != "}":
            raise self._broken(at, "an object does not end; was the delivery cut off?")
        return at + 1

    def end(self, at: int) -> None:
        """Reject a document with more text after its end."""
        at = self.skip_blank(at)
        if at < len(self._text):
            raise self._broken(at, "there is more text after the document's end; is it JSON lines (`format: jsonl`)?")

    def _at(self, at: int) -> str:
        return self._text[at : at + 1]

    def _key(self, at: int) -> tuple[str, int]:
        """The key at `at`, and the position of its value."""
        try:
            key, at = self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise self._broken(error.pos, error.msg) from error
        at = self.skip_blank(at)
        if not isinstance(key, str) or self._at(at) != ":":
            raise self._broken(at, "a colon is missing")
        return key, self.skip_blank(at + 1)

    def _end_of_value(self, at: int) -> int:
        try:
            return self._decoder.raw_decode(self._text, at)[1]
        except json.JSONDecodeError as error:
            raise self._broken(error.pos, error.msg) from error
        except RecursionError as error:
            raise self._broken(at, "nested too deeply") from error

    def _broken(self, at: int, why: str) -> InputError:
        return InputError(
            f"line {1 + self._text.count(chr(10), 0, at)}: not valid JSON: {why}", hint="Have the file delivered again."
        )

    def _no_list(self) -> InputError:
        where = f"at `{self._records}`" if self._records else "in the document"
        return InputError(f"there is no list of records {where}", hint="Correct `records` in the mapping.")
