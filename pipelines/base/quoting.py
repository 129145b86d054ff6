"""Quoting for SQL that is written in Python: names, texts and paths. No statements here."""

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


def files(value: Path, pattern: str = "") -> str:
    """A path as a text literal for a table function that reads globs: the path itself means no pattern.

    Args:
        value: A file, or a folder.
        pattern: What to read below the folder, such as `*.parquet`.
    """
    literal = re.sub(r"([\[*?])", r"[\1]", str(value))
    return text(f"{literal}/{pattern}" if pattern else literal)
