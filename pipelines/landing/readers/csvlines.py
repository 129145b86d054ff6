"""The lines of a CSV file for the strict pass (csvpass.py): one by one for the csv module, or a block of them ahead."""

import csv
from collections import deque
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice

from pipelines.landing.readers.textfile import LONGEST_LINE, next_line

# A block is parsed at once. If one of its lines is not a good record, the pass reads it again line by line.
_BLOCK_LINES = 256
_BLOCK_CHARACTERS = 1_000_000


class Lines(Iterator[str]):
    """The lines of a file. It keeps the lines of the current record, which can be given back.

    As an iterator for the csv module, it raises `csv.Error` if a record becomes longer than allowed.
    """

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.characters = 0  # in the lines taken
        self.number = 0  # of the last line taken

    def take(self) -> str:
        """The next line, of any length; empty after the last one."""
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

    def ahead(self) -> list[str]:
        """The next lines, at most a block of them. They are not consumed."""
        characters = sum(map(len, self._back))
        while len(self._back) < _BLOCK_LINES and characters < _BLOCK_CHARACTERS and (line := next_line(self._file)):
            self._back.append(line)
            characters += len(line)
        return list(islice(self._back, _BLOCK_LINES))

    def skip(self, lines: int) -> None:
        """Skip some of the lines ahead."""
        for _ in range(lines):
            self._back.popleft()
        self.number += lines

    def begin(self) -> None:
        """Begin a record: clear the list of taken lines."""
        self.taken.clear()
        self.characters = 0

    def give_back_all_but(self, kept: int) -> None:
        """Give back all taken lines except the first `kept`."""
        surplus = self.taken[kept:]
        self._back.extendleft(reversed(surplus))
        self.characters -= sum(map(len, surplus))
        self.number -= len(surplus)
        del self.taken[kept:]
