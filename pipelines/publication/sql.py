"""Quoting for the SQL that publication writes: names, texts and paths. No statements here."""

import re
from pathlib import Path


def name(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def path(value: Path) -> str:
    """A path as a text literal, to be written to or attached."""
    return text(str(value))


def files(value: Path) -> str:
    """A path as a text literal for a table function that reads globs: the path itself means no pattern."""
    return text(re.sub(r"([\[*?])", r"[\1]", str(value)))
