"""Quoting of names, texts and paths for SQL that Python code composes. There are no statements here."""

import re
from pathlib import Path


def name(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def path(value: Path) -> str:
    """A path as a text literal, for statements that write to a file or attach it."""
    return text(str(value))


def files(value: Path, pattern: str = "") -> str:
    """A path as a text literal for a table function that reads globs. Wildcards in the path itself are escaped.

    Args:
        value: A file or a folder.
        pattern: The files to read below the folder, such as `*.parquet`.
    """
    literal = re.sub(r"([\[*?])", r"[\1]", str(value))
    return text(f"{literal}/{pattern}" if pattern else literal)
