"""Cutting JSON files into records: each record's text, number and first line, without looking into it.

For JSON lines a record is a line that is not blank; for a JSON document it is an element of the list that the mapping
points to. The text of a record is passed on as it stands, so that no number changes on its way through Python.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputError
from pipelines.landing.textfile import open_text

_BLANK = " \t\n\r"


@dataclass(frozen=True)
class Record:
    """One record of a JSON file.

    Attributes:
        line: Its first physical line.
        text: Its JSON.
    """

    line: int
    text: str


def json_lines(path: Path, encoding: str) -> Iterator[Record]:
    """The records of a JSON lines file.

    Raises:
        InputError: Where the text cannot be decoded.
    """
    with open_text(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if text := line.strip(_BLANK):
                yield Record(number, text)


def json_elements(path: Path, encoding: str, records: str) -> Iterator[Record]:
    """The records of a JSON document.

    Args:
        path: The file.
        encoding: Its encoding.
        records: Dotted path to the list; empty where the document is the list. One object alone is one record.

    Raises:
        InputError: Where the document is not JSON (with the line), or has no list there.
    """
    with open_text(path, encoding) as file:
        text = file.read()
    document = _Document(text)
    at = document.skip_blank(0)
    for name in records.split(".") if records else []:
        at = document.member(at, name, records)
    yield from document.elements(at, records)


class _Document:
    """A JSON text and the places in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()

    def skip_blank(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in _BLANK:
            at += 1
        return at

    def member(self, at: int, name: str, records: str) -> int:
        """The place of a member's value in the object at `at`."""
        if self._at(at) != "{":
            raise self._no_list(records)
        at = self.skip_blank(at + 1)
        while self._at(at) == '"':
            key, at = self._string(at)
            at = self.skip_blank(at)
            if self._at(at) != ":":
                raise self._broken(at, "a colon is missing")
            at = self.skip_blank(at + 1)
            if key == name:
                return at
            at = self.skip_blank(self._end_of_value(at))
            if self._at(at) != ",":
                break
            at = self.skip_blank(at + 1)
        raise self._no_list(records)

    def elements(self, at: int, records: str) -> Iterator[Record]:
        """The elements of the list at `at`, or the one object there."""
        if self._at(at) == "{":
            yield Record(1 + self._text.count("\n", 0, at), self._text[at : self._end_of_value(at)])
            return
        if self._at(at) != "[":
            raise self._no_list(records)
        at = self.skip_blank(at + 1)
        line, counted = 1, 0
        if self._at(at) == "]":
            return
        while True:
            end = self._end_of_value(at)
            line, counted = line + self._text.count("\n", counted, at), at
            yield Record(line, self._text[at:end])
            at = self.skip_blank(end)
            if self._at(at) == "]":
                return
            if self._at(at) != ",":
                raise self._broken(at, "a comma is missing; was the delivery cut off?")
            at = self.skip_blank(at + 1)

    def _at(self, at: int) -> str:
        return self._text[at : at + 1]

    def _string(self, at: int) -> tuple[str, int]:
        try:
            key, end = self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise self._broken(error.pos, error.msg) from error
        return str(key), end

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

    def _no_list(self, records: str) -> InputError:
        where = f"at `{records}`" if records else "in the document"
        return InputError(f"there is no list {where}", hint="Mend `records` in the mapping.")
