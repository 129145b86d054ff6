"""CSV that may be opened in a spreadsheet: RFC 4180, written whole or not at all, and no cell that runs as a formula.

What the columns are, and who may see them, is the caller's.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.base.durable import write_durably
from pipelines.base.errors import ConfigError

# What OWASP names under CSV injection, the wide forms too; blanks and marks without width before it are passed over.
_FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def defused(value: object) -> object:
    """The value; text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it text."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def write_csv(path: Path, names: Sequence[str], batches: Iterable[Iterable[Sequence[object]]]) -> int:
    """Write rows to a file that only its owner can read, in place of what may be there.

    Every cell is quoted, lines end with CR LF, the encoding is UTF-8; None is an empty cell, a boolean true or false.

    Args:
        path: The file.
        names: The columns.
        batches: The rows, some at a time: no more than one batch is held.

    Returns:
        The number of rows.

    Raises:
        ConfigError: The file cannot be written.
    """
    rows = 0

    def write(staged: Path) -> None:
        nonlocal rows
        with staged.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow([defused(name) for name in names])
            for batch in batches:
                for row in batch:
                    writer.writerow([_cell(value) for value in row])
                    rows += 1

    try:
        write_durably(path, write, mode=0o600)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be written: {problem.strerror}", hint="name another file") from problem
    return rows


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else defused(value)
