"""The marks that a draft leaves in a mapping file where something is still to decide: comments with a label.

A user decides, changes the lines below the mark if needed, and removes the mark. A run refuses a mapping with a mark
on which numbers or dates depend.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from pipelines.base.errors import ConfigError
from pipelines.base.text import counted
from pipelines.landing.model import Mapping

OPEN = "to decide"
DECISIVE = "to decide before a run"
HINT = "Decide, correct the lines below the mark if needed, and remove the comment"
CONTINUED = "  "  # the indentation of the further lines of a comment

_MARK = re.compile(rf"\s*# ({DECISIVE}|{OPEN}): (.*)")
_MORE = re.compile(rf"\s*# {CONTINUED}(\S.*)")


@dataclass(frozen=True)
class OpenMark:
    """A mark in a mapping file.

    Attributes:
        where: `path:line`.
        text: What is to decide.
        is_decisive: Whether a run refuses the mapping.
    """

    where: str
    text: str
    is_decisive: bool

    def __str__(self) -> str:
        return f"{self.where}: {DECISIVE if self.is_decisive else OPEN}: {self.text}"


def open_marks(mapping: Mapping) -> tuple[OpenMark, ...]:
    """The marks in the file of a mapping, in the order of its lines; none in a built-in mapping."""
    path = mapping.path
    if mapping.is_built_in(()) or not path.is_file():
        return ()
    return tuple(_marks(str(path), path.read_text(encoding="utf-8").splitlines()))


def _marks(path: str, lines: list[str]) -> Iterator[OpenMark]:
    for number, line in enumerate(lines, start=1):
        if found := _MARK.fullmatch(line):
            more = takewhile(bool, map(_MORE.fullmatch, lines[number:]))
            text = " ".join([found[2], *(one[1] for one in more if one)])
            yield OpenMark(f"{path}:{number}", text, found[1] == DECISIVE)


def left_open(mapping: Mapping) -> Iterator[str]:
    """A warning with the number of marks in a mapping that do not stop a run."""
    if lines := [mark.where.rpartition(":")[2] for mark in open_marks(mapping) if not mark.is_decisive]:
        where = f"line{'s' * (len(lines) > 1)} {', '.join(lines)}"
        yield f"{mapping.path}: {counted(len(lines), 'mark')} `{OPEN}` ({where}): {HINT}"


def refuse_undecided(mappings: Iterable[Mapping]) -> None:
    """Raise an error if numbers or dates of a mapping are still to decide.

    Raises:
        ConfigError: With the file and the line of each mark.
    """
    found = [mark for mapping in mappings for mark in open_marks(mapping) if mark.is_decisive]
    if found:
        raise ConfigError("\n".join(map(str, found)), hint=HINT)
